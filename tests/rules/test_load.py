import os
from datetime import timedelta
from pathlib import Path

import pytest

from analyzer.errors import CatalogueError
from analyzer.model.finding import Advice, Severity
from analyzer.rules.load import load_catalogue
from analyzer.rules.pattern import Catalogue, Correlation, Role
from tests.support.patterns import CHECK, FINDING, NOISE, write


def loaded(folder: Path, **files: str) -> Catalogue:
    for name, text in files.items():
        write(folder, name.replace("__", "/").replace("_", "-") + ".yaml", text)
    return load_catalogue(folder)


def refused(folder: Path, text: str, name: str = "cbt/disk-lost.yaml") -> list[str]:
    write(folder, name, text)
    with pytest.raises(CatalogueError) as caught:
        load_catalogue(folder)
    return str(caught.value).split("\n")


def changed(old: str, new: str, text: str = FINDING) -> str:
    assert old in text
    return text.replace(old, new)


def test_a_finding_is_loaded_with_its_defaults(tmp_path: Path) -> None:
    (rule,) = loaded(tmp_path, cbt__disk_lost=FINDING).rules
    assert (rule.id, rule.role, rule.file) == (
        "disk-lost",
        Role.FINDING,
        "patterns/cbt/disk-lost.yaml",
    )
    assert rule.kinds == ("disk-lost",)
    assert rule.subjects == (("VDI", "vdi"),)
    assert rule.correlate.type is Correlation.EVENT_COUNT
    assert rule.correlate.group_by == ("vdi",)
    assert rule.correlate.timespan == timedelta(hours=1)
    assert rule.text.severity is Severity.ERROR
    assert rule.text.action == (Advice(step="Look for {vdi}."),)
    assert (rule.text.area, rule.text.status, rule.text.wrong_if) == ("any", "stable", "")


def test_without_subjects_events_are_grouped_by_host(tmp_path: Path) -> None:
    text = changed("subjects: {VDI: vdi}\n", "")
    assert loaded(tmp_path, cbt__disk_lost=text).rules[0].correlate.group_by == ("host",)


def test_correlation_is_read_as_written(tmp_path: Path) -> None:
    line = "correlate: {group-by: [host, vdi], timespan: 90s, gte: 3}\ndetail:"
    (rule,) = loaded(tmp_path, cbt__disk_lost=changed("detail:", line)).rules
    assert rule.correlate.group_by == ("host", "vdi")
    assert rule.correlate.timespan == timedelta(seconds=90)
    assert rule.correlate.gte == 3


def test_a_risky_step_keeps_its_risk(tmp_path: Path) -> None:
    text = changed("['Look for {vdi}.']", "[{step: Look., risk: Loss.}]")
    (rule,) = loaded(tmp_path, cbt__disk_lost=text).rules
    assert rule.text.action == (Advice(step="Look.", risk="Loss."),)


def test_alternatives_are_called_by_name_or_number(tmp_path: Path) -> None:
    text = changed(
        "select:\n  parser: smlog\n",
        "select:\n- {parser: alerts, message: '^VDI (?P<vdi>.)', name: alert}\n- parser: smlog\n",
    )
    (rule,) = loaded(tmp_path, cbt__disk_lost=text).rules
    assert rule.kinds == ("disk-lost.alert", "disk-lost.2")


def test_noise_is_sparse_and_mutes_findings(tmp_path: Path) -> None:
    catalogue = loaded(tmp_path, cbt__disk_lost=FINDING, noise__humming=NOISE)
    (noise,) = catalogue.noise
    assert noise.reason == "It always does."
    assert catalogue.keep.noise == {"humming"}
    assert catalogue.keep.sparse == {"humming"}
    assert catalogue.keep.muted == {"disk-lost"}


def test_context_is_listed_by_kind_and_title(tmp_path: Path) -> None:
    text = changed("role: noise", "role: context", changed("reason: It always does.\n", "", NOISE))
    catalogue = loaded(tmp_path, context__humming=text)
    assert catalogue.context == (("humming", "SM hummed"),)
    assert catalogue.keep.sparse == frozenset()


def test_state_is_asked_for_and_shown_nowhere(tmp_path: Path) -> None:
    text = changed("role: noise", "role: state", changed("reason: It always does.\n", "", NOISE))
    catalogue = loaded(tmp_path, state__humming=text)
    assert [selector.id for selector in catalogue.selectors] == ["humming"]
    assert (catalogue.context, catalogue.rules, catalogue.noise) == ((), (), ())
    assert catalogue.keep.sparse == frozenset()


def test_context_that_keeps_its_ends_is_sparse(tmp_path: Path) -> None:
    text = changed("role: noise", "role: context", changed("reason: It always does.\n", "", NOISE))
    text = changed("'^hum'}", "'^hum', keep: first-and-last}", text)
    assert loaded(tmp_path, context__humming=text).keep.sparse == {"humming"}


def test_a_check_has_its_selectors_and_cases(tmp_path: Path) -> None:
    text = changed("message: '^odd$'", "message: '^odd$'\n    keep: first-and-last", CHECK)
    catalogue = loaded(tmp_path, checks__disk_odd=text)
    (check,) = catalogue.checks
    assert [selector.id for selector in catalogue.selectors] == ["disk-odd.odd"]
    assert check.case("very") == ("Disk {vdi} is very odd", "Very.")
    assert catalogue.keep.sparse == {"disk-odd.odd"}
    assert catalogue.text("disk-odd") == check
    assert catalogue.rules == ()


def test_a_name_that_is_not_in_the_catalogue_is_a_key_error(tmp_path: Path) -> None:
    with pytest.raises(KeyError):
        loaded(tmp_path, cbt__disk_lost=FINDING).get("disk-found")


def test_patterns_are_ordered_by_id_and_other_files_left_alone(tmp_path: Path) -> None:
    write(tmp_path, "README.md", "no pattern")
    write(tmp_path, "causes.yaml", "edges: []")
    catalogue = loaded(tmp_path, noise__humming=NOISE, cbt__disk_lost=FINDING)
    assert [pattern.id for pattern in catalogue.patterns] == ["disk-lost", "humming"]


def test_the_version_names_the_contents_and_not_the_place(tmp_path: Path) -> None:
    first = loaded(tmp_path / "a", cbt__disk_lost=FINDING)
    again = loaded(tmp_path / "b", cbt__disk_lost=FINDING)
    other = loaded(tmp_path / "c", cbt__disk_lost=FINDING + "\n")
    assert first.version == again.version
    assert first.version != other.version


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        (
            "severity: error",
            "severity: bad",
            3,
            "severity: expected one of 'critical', 'error', 'warning' or 'info', got 'bad'",
        ),
        ("detail: SM said so on {host}.\n", "", 1, "detail: the key is missing"),
        ("needs:", "colour: red\nneeds:", 4, "colour: unknown key"),
        ("needs: [smlog]", "needs: [nolog]", 4, "needs.0: expected one of 'smlog',"),
        (
            "detail: SM",
            "detail: null\nx: SM",
            9,
            "detail: input should be a valid string, got None",
        ),
        ("severity: error", "severity: true", 3, "severity: expected one of"),
        ("needs: [smlog]", "needs: []", 4, "needs: tuple should have at least 1 item"),
        ("parser: smlog", "parser: nolog", 6, "select.parser: expected one of 'smlog',"),
        ("  hit: [", "  got: [", 11, "samples.hit: the key is missing"),
        ("id: disk-lost", "id: disk-gone", 1, "id: expected 'disk-lost', the name of the file"),
        ("id: disk-lost", "id: Disk", 1, "id: string should match pattern"),
        ("{vdi} was lost", "{sr} was lost", 2, "title: nothing fills {sr}; there is count, first"),
        ("for {vdi}.", "for {sr}.", 10, "action.0: nothing fills {sr}"),
        ("{VDI: vdi}", "{VDI: sr}", 8, "subjects.VDI: nothing fills {sr}; there is host, pid"),
        ("$'", "'\n  keep: first-and-last", 5, "select: a finding needs all of its events"),
        ("lost (?P<vdi>", "lost (?P<vdi>(", 7, "select.message: RE2 cannot compile it: missing )"),
        ("'^lost", "'^löst", 7, "select.message: a pattern is printable ASCII on one line"),
        ("'^lost", "'a^lost", 7, "select.message: ^ and $ stand only at the very ends"),
        ("'^lost", "'(?i)lost", 7, "select.message: groups are (?P<name>…) or (?:…): no flags"),
        ("'^lost", r"'\nlost", 7, r"select.message: \n, \A, \z, \Q and \C are not used"),
        ("'^lost ", f"'^{'(?P<a>x)' * 3_000}", 7, "select.message: a pattern has at most 4,000"),
        (r"'^lost (?P<vdi>[0-9a-f-]{36})$'", "'(?P<vdi>x)?'", 7, "select.message: the pattern ma"),
        ("lost (?P<vdi>", "(?P<host>.)(?P<vdi>", 7, "select.message: a group cannot be called 'ho"),
        ("lost (?P<vdi>", "(?P<Vdi>.)(?P<vdi>", 7, "select.message: a group cannot be called 'Vd"),
        ("detail:", "correlate: {gte: 0}\ndetail:", 9, "correlate.gte: input should be greater"),
        ("detail:", "correlate: {timespan: 1w}\ndetail:", 9, "correlate.timespan: string should"),
        ("detail:", "correlate: {group-by: sr}\ndetail:", 9, "correlate.group-by: nothing fills"),
        (
            "detail:",
            "correlate: {type: temporal}\ndetail:",
            9,
            "correlate.type: temporal needs sev",
        ),
    ],
)
def test_a_fault_is_told_with_its_line(
    tmp_path: Path, old: str, new: str, line: int, said: str
) -> None:
    problems = refused(tmp_path, changed(old, new))
    assert [text for text in problems if f"patterns/cbt/disk-lost.yaml:{line} {said}" in text], (
        problems
    )


@pytest.mark.parametrize("message", [r"\^lost\$ (?P<vdi>.)", r"[^a$](?P<vdi>.)\\nx"])
def test_signs_that_only_look_like_anchors_are_no_fault(tmp_path: Path, message: str) -> None:
    text = changed(r"^lost (?P<vdi>[0-9a-f-]{36})$", message)
    assert loaded(tmp_path, cbt__disk_lost=text).rules[0].selectors[0].message == message


def test_only_counting_counts(tmp_path: Path) -> None:
    text = changed("detail:", "correlate: {type: absent, gte: 2}\ndetail:")
    assert "correlate.gte: only event_count counts" in "\n".join(refused(tmp_path, text))


def test_two_selectors_of_one_name_are_refused(tmp_path: Path) -> None:
    one = "{parser: smlog, message: '(?P<vdi>.)', name: x}"
    text = changed("select:\n  parser: smlog\n", f"select: [{one}, {one}]\nunused:\n")
    text = text.replace("unused:\n  message: '^lost (?P<vdi>[0-9a-f-]{36})$'\n", "")
    assert refused(tmp_path, text) == [
        "patterns/cbt/disk-lost.yaml:5 select: two selectors are called 'x'"
    ]


def test_a_group_that_one_alternative_lacks_fills_nothing(tmp_path: Path) -> None:
    text = changed(
        "select:\n  parser: smlog\n",
        "select:\n- {parser: smlog, message: 'gone'}\n- parser: smlog\n",
    )
    problems = refused(tmp_path, text)
    assert any("title: nothing fills {vdi}" in problem for problem in problems)
    assert any("subjects.VDI: nothing fills {vdi}" in problem for problem in problems)


def test_noise_without_a_reason_is_refused(tmp_path: Path) -> None:
    text = changed("reason: It always does.\n", "", NOISE)
    assert refused(tmp_path, text, "noise/humming.yaml") == [
        "patterns/noise/humming.yaml:1 reason: the key is missing"
    ]


def test_noise_that_wants_a_severity_is_refused(tmp_path: Path) -> None:
    text = NOISE + "severity: error\n"
    (problem,) = refused(tmp_path, text, "noise/humming.yaml")
    assert problem.endswith(":9 severity: unknown key")


def test_a_title_of_noise_has_no_fields(tmp_path: Path) -> None:
    text = changed("SM hummed", "SM hummed on {host}", NOISE)
    (problem,) = refused(tmp_path, text, "noise/humming.yaml")
    assert problem.endswith(":3 title: nothing fills {host}; there is no field")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("fields: [vdi]", "fields: [sr]", "title: nothing fills {vdi}"),
        ("message: '^odd$'", "message: '(odd'", "select.odd.message: RE2 cannot compile it"),
        ("detail: Very.", "detail: '{sr}'", "cases.very.detail: nothing fills {sr}"),
        ("  odd:\n", "  Odd:\n", "select.Odd: string should match pattern"),
        ("miss: [", "mist: [", "select.odd.samples.mist: unknown key"),
    ],
)
def test_a_fault_of_a_check_is_told(tmp_path: Path, old: str, new: str, said: str) -> None:
    problems = refused(tmp_path, changed(old, new, CHECK), "checks/disk-odd.yaml")
    assert any(said in problem for problem in problems), problems


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", ":1 the file is empty"),
        ("- a\n", ":1 the file: "),
        ("a: [\n", ":2 not YAML: "),
        ("id: x\nid: y\n", ":2 id: the key is there twice"),
        ("a: &x 1\nb: *x\n", ":1 anchors and aliases are not read"),
        ("a:\n  when: 2026-06-10\n", ":2 '2026-06-10' has two meanings in YAML"),
        ("a: yes\n", ":1 'yes' has two meanings"),
        ("a: 010\n", ":1 '010' has two meanings"),
        ("a: !!python/name:os.system x\n", ":1 'x' has two meanings"),
        ("1: a\n", ":1 1: not a plain key"),
        ("a: b\n---\nc: d\n", ":2 not YAML: but found another document"),
        ("[" * 40 + "]" * 40, ":1 nested too deeply"),
        ("[" * 100_000, ":1 nested too deeply"),
        ("a: \x07\n", ":1 not YAML: "),
    ],
)
def test_what_is_no_clear_yaml_is_refused(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "cbt" / "disk-lost.yaml"
    path.parent.mkdir()
    path.write_text(text, encoding="utf-8")
    with pytest.raises(CatalogueError) as caught:
        load_catalogue(tmp_path)
    assert f"patterns/cbt/disk-lost.yaml{said}" in str(caught.value)


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    write(tmp_path, "cbt/disk-lost.yaml", "").write_bytes(b"id: x\ntitle: \xff\n")
    with pytest.raises(CatalogueError, match=r"disk-lost\.yaml:2 not UTF-8"):
        load_catalogue(tmp_path)


def test_a_file_with_another_ending_is_refused(tmp_path: Path) -> None:
    assert refused(tmp_path, FINDING, "cbt/disk-lost.yml") == [
        "patterns/cbt/disk-lost.yml:1 the name of a pattern file ends with .yaml"
    ]


def test_the_faults_of_all_files_come_at_once(tmp_path: Path) -> None:
    write(tmp_path, "noise/humming.yaml", changed("id: humming", "id: ham", NOISE))
    text = changed("severity: error", "severity: bad", changed("[smlog]", "[nolog]"))
    assert len(refused(tmp_path, text)) == 3


def test_an_id_of_two_files_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "nbd/disk-lost.yaml", FINDING)
    assert refused(tmp_path, FINDING) == [
        "patterns/nbd/disk-lost.yaml:1 id: 'disk-lost' is already in patterns/cbt/disk-lost.yaml"
    ]


def test_a_users_file_joins_the_catalogue(tmp_path: Path) -> None:
    extra = write(tmp_path, "mine/humming.yaml", NOISE)
    write(tmp_path, "shipped/cbt/disk-lost.yaml", FINDING)
    catalogue = load_catalogue(tmp_path / "shipped", extra=(extra,))
    assert [pattern.id for pattern in catalogue.patterns] == ["disk-lost", "humming"]
    assert catalogue.get("humming").file == extra.as_posix()


def test_a_users_folder_joins_the_catalogue(tmp_path: Path) -> None:
    write(tmp_path, "mine/noise/humming.yaml", NOISE)
    write(tmp_path, "shipped/cbt/disk-lost.yaml", FINDING)
    catalogue = load_catalogue(tmp_path / "shipped", extra=(tmp_path / "mine",))
    assert catalogue.version != load_catalogue(tmp_path / "shipped").version


def test_a_users_path_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match=r"nowhere\.yaml: cannot be read: No such file"):
        load_catalogue(tmp_path, extra=(tmp_path / "nowhere.yaml",))


def test_a_users_folder_without_patterns_is_told(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    with pytest.raises(CatalogueError, match="there is no pattern file"):
        load_catalogue(tmp_path, extra=(tmp_path / "mine",))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("root:x:0:0:root:/root:/bin/sh\nmail:x:8:8::/var/mail:/bin/sh\n", "got text"),
        ("token: hunter2\nusers: [root]\n", "token: unknown key"),
        ("select: hunter2\n", "got text"),
    ],
)
def test_of_a_file_that_is_no_pattern_only_place_and_kind_are_told(
    tmp_path: Path, text: str, said: str
) -> None:
    path = write(tmp_path, "mine/other.yaml", text)
    with pytest.raises(CatalogueError) as caught:
        load_catalogue(extra=(path,))
    assert said in str(caught.value)
    assert "hunter2" not in str(caught.value)
    assert "/root" not in str(caught.value).replace(str(path), "")


def test_a_folder_that_links_to_itself_is_read_once(tmp_path: Path) -> None:
    write(tmp_path, "mine/noise/humming.yaml", NOISE)
    (tmp_path / "mine" / "noise" / "again").symlink_to(tmp_path / "mine")
    catalogue = load_catalogue(extra=(tmp_path / "mine",))
    assert catalogue.get("humming").file.endswith("mine/noise/humming.yaml")


def test_folders_that_link_to_each_other_are_read_once(tmp_path: Path) -> None:
    write(tmp_path, "mine/noise/humming.yaml", NOISE)
    folders = [tmp_path / "mine" / name for name in ("noise", "other")]
    folders[1].mkdir()
    for folder in folders:
        for number in range(4):  # each way is forked at each step: without an end, and in no time
            (folder / f"to{number}").symlink_to(folders[number % 2])
    catalogue = load_catalogue(extra=(tmp_path / "mine",))
    assert catalogue.get("humming").file.endswith("mine/noise/humming.yaml")


@pytest.mark.parametrize("name", ["", "pipe.yaml"])
def test_a_pipe_is_no_pattern_file(tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    with pytest.raises(CatalogueError, match="a device or a pipe"):
        load_catalogue(extra=(tmp_path / name,))


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="a system without this device")
def test_a_device_is_no_pattern_file() -> None:
    with pytest.raises(CatalogueError, match="a device or a pipe"):
        load_catalogue(extra=(Path("/dev/zero"),))


def test_a_file_larger_than_any_pattern_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, "mine/other.yaml", "")
    path.write_bytes(bytes((1 << 20) + 1))
    with pytest.raises(CatalogueError, match="larger than any pattern"):
        load_catalogue(extra=(path,))
