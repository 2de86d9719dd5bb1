"""What may be said in any zone: no moment was made text before it is told."""

import re

from analyzer.model.finding import Finding, Gap, Outcome
from analyzer.render.words.local import in_zone
from analyzer.render.words.zone import zone_named

_SAID_IN_UTC = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}(:[0-9]{2})? UTC")


def assert_moments_can_be_told_elsewhere(*said: Finding | Gap | Outcome) -> None:
    """Assert that our own words, told in a zone, hold no time in UTC any more."""
    for each in in_zone(said, zone_named("+05:30")):
        late = [text for text in _sentences(each) if _SAID_IN_UTC.search(text)]
        assert not late, f"a moment was made text too early, see `say`: {late}"


def _sentences(told: Finding | Gap | Outcome) -> tuple[str, ...]:
    match told:
        case Gap():
            return (told.why,)
        case Outcome():
            return (told.reason, told.doubt)
        case Finding():
            steps = [text for step in told.action for text in (step.step, step.risk or "")]
            return (told.title, told.detail, told.wrong_if, *steps)
