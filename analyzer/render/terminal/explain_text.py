"""How a rule came to its answer, and what was made of a line, for the terminal."""

from collections.abc import Iterator

from analyzer.model.explained import (
    HitExplained,
    LineExplained,
    NeedExplained,
    RuleExplained,
)
from analyzer.render.words.view import counted, cut, span, stamp, visible

_NOT_ASKED = "no rule and nothing that is rebuilt asks for such a line"
_NOT_ASKED_WHOLE = "no selector: rules look at what the whole member says"
_QUOTE, _LINE, _MOST = 300, 4000, 20


def rule_text(rule: RuleExplained) -> str:
    """Return the page of a rule."""
    return "\n".join(_rule_lines(rule)) + "\n"


def line_text(line: LineExplained) -> str:
    """Return the page of a line."""
    return "\n".join(_line_head(line)) + "\n"


def _rule_lines(rule: RuleExplained) -> Iterator[str]:
    text = rule.text
    yield f"{text.id}: {text.title}"
    yield from _answer_lines(rule)
    if rule.condition:
        yield from ("", "CONDITION", f"  {rule.condition}")
    yield from ("", "NEEDS")
    for need in rule.needs:
        yield from _need_lines(need)
    if not rule.needs:
        yield "  no source is declared: nothing is ruled out by this pattern"
    yield from (f"  also looked at: {source}" for source in rule.beside)
    yield from ("", "LINES ASKED FOR")
    for selector in rule.selectors:
        times = (
            f"matched {counted(selector.count, 'time')}" if selector.count else "MISSED: not once"
        )
        process = f" of {selector.process}" if selector.process else ""
        yield f"  {'o' if selector.count else 'x'} {selector.kind}: {times}"
        yield f"      {selector.parser}{process}: {selector.message}"
        if selector.first is not None:
            event = selector.first
            yield f"      first {stamp(event.moment)} on {visible(event.host)}"
            yield f"      [{visible(str(event.source))}] {cut(visible(event.text), _QUOTE)}"
    if not rule.selectors:
        yield "  none of its own: it is judged from the database and what was rebuilt of the logs"
    yield from _attempts_lines(rule)
    yield from _undecided_lines(rule)
    if not rule.near:
        return
    yield from ("", "NEAR, IN THE SAME LOGS, BUT KNOWN NOISE")
    for noise in rule.near:
        yield f"  {noise.pattern}: {counted(noise.count, 'time')}; {visible(noise.reason)}"
        if noise.example:
            near_text = cut(visible(noise.example.text), _QUOTE)
            yield f"      [{visible(str(noise.example.source))}] {near_text}"


def _answer_lines(rule: RuleExplained) -> Iterator[str]:
    outcome = rule.outcome
    if outcome is None:
        yield f"  {rule.role}: it gives no answer by itself"
        return
    yield f"  {outcome.verdict.upper()}: {visible(outcome.reason)}"
    if outcome.window:
        yield f"  it holds for {span(*outcome.window)}"
    yield from (f"  settle with: {visible(command)}" for command in outcome.settle_with)
    for finding in outcome.findings[:_MOST]:
        first = finding.evidence[0]
        yield f"  [{finding.severity.upper()}] {visible(finding.title)} ({finding.id})"
        yield f"      [{visible(str(first.source))}] {cut(visible(first.text), _QUOTE)}"
    if len(outcome.findings) > _MOST:
        yield f"  and {counted(len(outcome.findings) - _MOST, 'more finding')}"


def _need_lines(need: NeedExplained) -> Iterator[str]:
    yield f"  {need.need}, of {need.scope}"
    for host in need.hosts:
        mark = "-" if host.covered else "x" if host.gap else "o"
        if host.gap:
            word = "not read, and another report covers it" if host.covered else "LACKED"
            state_of_host = f"{word}: {visible(host.gap.why)}"
        else:
            state_of_host = f"read, {span(*host.window)}" if host.window else "read"
        yield f"    {mark} {visible(host.host)}: {state_of_host}"
        if host.gap and host.gap.settle_with and not host.covered:
            yield f"        settle with: {visible(host.gap.settle_with)}"
        if host.hidden:
            yield f"        not understood, and may be what is looked for: {visible(host.hidden)}"
    for gap in need.elsewhere:
        yield f"    x {visible(gap.host) or 'elsewhere'}: LACKED: {visible(gap.why)}"
        if gap.settle_with:
            yield f"        settle with: {visible(gap.settle_with)}"


def _attempts_lines(rule: RuleExplained) -> Iterator[str]:
    if not rule.attempts:
        return
    yield from ("", "WHAT COULD BE A FINDING")
    for attempt in rule.attempts[:_MOST]:
        first, last = attempt.events[0], attempt.events[-1]
        word = f"x LACKED: {visible(attempt.lacks)}" if attempt.lacks else "o met"
        lines = counted(len(attempt.events), "line")
        yield f"  {word}: {lines}, {span(first.moment, last.moment)}, on {visible(first.host)}"
        yield f"      [{visible(str(first.source))}] {cut(visible(first.text), _QUOTE)}"
    if len(rule.attempts) > _MOST:
        yield f"  and {counted(len(rule.attempts) - _MOST, 'more attempt')}"


def _undecided_lines(rule: RuleExplained) -> Iterator[str]:
    if not rule.undecided:
        return
    yield from ("", "WHAT IT COULD NOT DECIDE")
    for gap in rule.undecided[:_MOST]:
        where = f" of {visible(gap.host)}" if gap.host else ""
        yield f"  {gap.need}{where}: {visible(gap.why)}"
        if gap.settle_with:
            yield f"      settle with: {visible(gap.settle_with)}"
    if len(rule.undecided) > _MOST:
        yield f"  and {counted(len(rule.undecided) - _MOST, 'more gap')}"


def _line_head(line: LineExplained) -> Iterator[str]:
    yield f"{visible(str(line.source))} in {visible(line.source.bundle)} ({visible(line.host)})"
    number = line.source.line
    for place, text in enumerate(line.before, number - len(line.before)):
        yield f"    {place:>8}  {cut(visible(text), _QUOTE)}"
    yield f"  > {number:>8}  {cut(visible(line.text), _LINE)}"
    for place, text in enumerate(line.after, number + 1):
        yield f"    {place:>8}  {cut(visible(text), _QUOTE)}"
    yield from ("", f"  read by     {line.parser or 'nobody'}{', as a whole' * line.whole}")
    if line.problem:
        yield f"  problem     {line.problem}"
    if line.head:
        yield f"  understood  {visible(line.head)}"
        yield f"  time        {stamp(line.moment)}"
    if line.moment is not None:
        yield f"  dated by    {visible(line.moment.dated_by)}"
    if "\n" in line.record:
        part = "" if line.begins == line.source.line else f", which begins at line {line.begins}"
        yield f"  record      it is part of a record of several lines{part}:"
        yield from (f"    | {cut(visible(row), _QUOTE)}" for row in line.record.split("\n"))
    yield from ("", "ASKED FOR BY")
    for hit in line.hits:
        yield from _hit_lines(hit)
    if not line.hits:
        yield f"  {_NOT_ASKED_WHOLE if line.whole else _NOT_ASKED}"
    yield from ("", "QUOTED BY")
    yield from (f"  {what} {visible(name)}: {visible(told)}" for what, name, told in line.quoted_by)
    if not line.quoted_by:
        yield "  nothing rests on it"


def _hit_lines(hit: HitExplained) -> Iterator[str]:
    kept = "kept" if hit.kept else "counted, not kept by itself"
    yield f"  {hit.kind} ({hit.role}): {visible(hit.title)}; {kept}"
    if hit.fields:
        yield f"      {', '.join(f'{name} = {visible(hit.fields[name])}' for name in hit.fields)}"
    if hit.reason:
        yield f"      known noise: {visible(hit.reason)}"
