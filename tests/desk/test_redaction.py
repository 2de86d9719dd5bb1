"""Nothing that tells whose a report is gets out, however it is written."""

import base64
import json
import re
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.desk.redaction import check_residue, redactor_of
from analyzer.errors import UsageError
from analyzer.model.packed_lines import PackedLines, packed, unpacked
from analyzer.render import FORMATS
from analyzer.run import load_case

SAMPLE = Path(__file__).resolve().parents[2] / "sample_bundles" / "nbd-mixed-trouble.zip"
MAC = "00:16:3e:3f:be:cf"
DOCUMENT = {
    "hosts": [{"name": "mars.corp.example.org"}],
    "objects": [
        {"type": "VM", "uuid": "1", "name": "payroll server"},
        {"type": "VM", "uuid": "2", "name": "payroll"},
        {"type": "VM", "uuid": "3", "name": "x"},
        {"type": "SR", "uuid": "4", "name": "Größe & <Rest>"},
    ],
    "quoted": [f"mac {MAC}", "chappassword='hunter22'", "rule"],
}

PLANTED = [
    "vm payroll server on MARS",
    "mars.corp.example.org",
    quote("/export/payroll server/mars"),
    "%2F%70ayroll%20server",
    base64.b64encode(b"disk of payroll server").decode(),
    base64.b64encode(b"a:payroll server").decode(),
    base64.b64encode(b"ab:payroll server").decode(),
    b"payroll server".hex().upper(),
    "xhunter22x",
    "fe80::216:3eff:fe3f:becf: no route",
    "0216:3eff:fe3f:becf",
    "0016.3e3f.becf and 00163E3FBECF and 00-16-3E-3F-BE-CF",
    "Gr&ouml;&szlig;e: Größe &amp; &lt;Rest&gt;",
    json.dumps("Größe & <Rest>"),
    "192.0.2.41/24 and 2001:db8::5/64:",
]

PIECES = [*PLANTED, " ", "/", "-", "mars", "PAYROLL", "mars.1.2.3", "1.2.3.mars", "x", "::1", "é"]


def told(text: str) -> str:
    return redactor_of({**DOCUMENT, "text": text}).text(text)


@pytest.mark.parametrize("text", PLANTED)
def test_what_is_planted_does_not_come_out(text: str) -> None:
    out = told(text).casefold()
    for planted in (
        "payroll",
        "mars",
        "corp.example",
        "hunter22",
        "becf",
        "3e3f",
        "größe &",
        "u00f6",
    ):
        assert planted not in out
    assert not re.search(r"192\.0|2001:db8", out)
    assert text.casefold() != out


@given(st.lists(st.lists(st.sampled_from(PIECES), max_size=5).map("".join), min_size=1))
def test_lines_of_a_whole_file_are_told_as_each_by_itself(lines: list[str]) -> None:
    whole = PackedLines(
        bundle="b", member="var/log/SMlog", first=1, count=len(lines), packed=packed(lines)
    )
    document = {**DOCUMENT, "lines": lines}
    at_once = unpacked(redactor_of(document).value(whole).packed)
    redactor = redactor_of(document)
    assert at_once == [redactor.value(line) for line in lines]
    assert not redactor.residue("\n".join(at_once))


def test_a_name_inside_a_longer_word_is_another_word() -> None:
    assert told("payrolls marsh").split() == ["payrolls", "marsh"]
    assert told("payroll serverx") == f"{told('payroll')} serverx"


def test_a_short_name_is_taken_out_where_it_stands_alone() -> None:
    redactor = redactor_of(DOCUMENT)
    assert redactor.value({"name": "x"}) == {"name": redactor.value("x")}
    assert redactor.value("x") != "x"
    assert redactor.text("x of y") == "x of y"


def test_near_addresses_stay_near() -> None:
    texts = ["192.0.2.4", "192.0.2.5", "198.51.100.4", "2001:db8::1", "2001:db8::2"]
    redactor = redactor_of({"texts": texts})
    nets = [redactor.text(text).rpartition(".")[0] for text in texts]
    assert nets[0] == nets[1] != nets[2]
    assert nets[3] == nets[4]
    assert len({redactor.text(text) for text in texts}) == len(texts)


def test_a_case_keeps_its_tokens() -> None:
    first = redactor_of(DOCUMENT)
    more = {**DOCUMENT, "more": [{"type": "VM", "uuid": "5", "name": "a new one"}]}
    second = redactor_of(more, tokens=first.tokens)
    assert first.tokens.items() <= second.tokens.items()
    assert second.text("payroll server") == first.text("payroll server")


@given(st.text(max_size=60), st.text(min_size=5, max_size=20))
def test_any_name_is_taken_out_of_any_text(around: str, name: str) -> None:
    named = name.strip()
    text = f"{around} {named} {around}"
    redactor = redactor_of({"vm": {"type": "VM", "uuid": "1", "name": named}, "text": text})
    if named in set(redactor.tokens.values()):
        assert not redactor.residue(redactor.text(text))


def test_every_output_of_a_bundle_is_free_of_it() -> None:
    case, report = load_case([SAMPLE])
    redactor = redactor_of(report, case)
    names = {text for token, text in redactor.tokens.items() if not token.startswith("ip")}
    assert {"jupiter", "saturn", "titan", "ledger"} <= names
    outputs = {form.name: form.render(redactor.value(report)) for form in FORMATS}
    check_residue(redactor, outputs)
    for text in outputs.values():
        for name in ("jupiter", "saturn", "titan", "192.0.2", "198.51.100", "example.org"):
            assert name not in text.casefold()
    plain = json.loads({form.name: form.render(report) for form in FORMATS}["json"])
    hidden = json.loads(outputs["json"])
    assert [o["verdict"] for o in hidden["outcomes"]] == [o["verdict"] for o in plain["outcomes"]]
    assert [f["id"] for o in hidden["outcomes"] for f in o["findings"]] == [
        f["id"] for o in plain["outcomes"] for f in o["findings"]
    ]


def test_a_text_with_something_left_in_it_does_not_leave() -> None:
    redactor = redactor_of(DOCUMENT)
    with pytest.raises(UsageError, match="vm-"):
        check_residue(redactor, {"report.html": "<b>payroll server</b>"})
