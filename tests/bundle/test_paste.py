import pytest

from analyzer.bundle.paste import is_loose_paste, is_paste, put_together

DISK = "6b0c1a3e-9d1f-4c55-8a47-2f60b7c0e913"
PASTE = f"""Hello, our backups fail, see below:

> Aug  1 17:24:48 jupiter SM: [12965] ****\\* generic exception: vdi_attach: EXCEPTION <class 'x'>, no
>  Aug  1 17:24:49 jupiter SM: [12966] Changed Block Tracking metadata is
> inconsistent for disk {DISK}.
/var/log/xensource.log:36728:Nov 24 10:00:00 jupiter xapi: [error||604085 ||backtrace] one
2170-Oct 10 10:00:01 jupiter xapi-nbd[12]: main: two
0226 SM: [6949] lock: three
--
<27>xapi: [error|xen3|15|Guest liveness monitor D:bca30ab3f1c1|master_connection] four
SMlog.1:123:Dec 6 02:27:17 jupiter SM: [1] five
2026-02-04T13:59:12.915844+00:00 jupiter squeezed: [debug||9 ||x] six
[2494015.131967] block nbd0: seven
[6949] eight
block nbd0: nine
Aug  1 17:24:50 <host> SM: [7] ten
FAILED in util.pread: eleven
"""


def logs(text: str, host: str = "") -> dict[str, list[str]]:
    """Return family → lines of the logs of one host."""
    return {
        name.family: body.decode().split("\n")
        for name, body, pasted in put_together(text.encode())
        if pasted.host == host
    }


def test_each_line_is_made_whole_in_its_log_at_its_number() -> None:
    found = logs(PASTE, "jupiter")
    assert sorted(found) == [
        f"var/log/{name}" for name in ("SMlog", "daemon.log", "kern.log", "xensource.log")
    ]
    smlog = found["var/log/SMlog"]
    assert smlog[0] == "Hello, our backups fail, see below:"  # counts as not understood
    assert smlog[2].startswith("Aug  1 17:24:48 jupiter SM: [12965] ***** generic exception: ")
    assert smlog[3].endswith(f" metadata is inconsistent for disk {DISK}.")
    assert smlog[4:7] == ["", "", ""]
    assert smlog[7] == "Aug  1 17:24:49 0226 SM: [6949] lock: three"
    assert smlog[10:17] == [
        "Dec 6 02:27:17 jupiter SM: [1] five",
        "",
        "",
        "Dec 6 02:27:17 - SM: [6949] eight",
        "",
        "Aug  1 17:24:50 <host> SM: [7] ten",
        "Aug  1 17:24:50 - SM: [0] FAILED in util.pread: eleven",
    ]
    other = logs(PASTE, "xen3")
    assert other["var/log/xensource.log"][9].startswith("Nov 24 10:00:00 xen3 xapi: [error|xen3|")
    assert found["var/log/daemon.log"][6] == "Oct 10 10:00:01 jupiter xapi-nbd[12]: main: two"
    assert found["var/log/kern.log"][12].endswith(" - kernel: [2494015.131967] block nbd0: seven")
    assert found["var/log/kern.log"][14].endswith(" - kernel: block nbd0: nine")


def test_what_was_cut_off_is_known() -> None:
    ((_, body, pasted),) = put_together(b"<27>xapi: [error||1||x] bad\n> SM: no pid\n")
    first = body.decode().split("\n")[0]
    assert pasted.undated == {1}
    assert pasted.written[first] == "<27>xapi: [error||1||x] bad"


def test_prose_and_whole_logs_are_no_pastes() -> None:
    whole = b"Aug  1 17:24:48 jupiter SM: [1] lock: opening\n"
    assert is_paste(whole, named=False)
    assert not is_paste(whole * 3 + b"> " + whole, named=True)
    assert is_paste(b"> " + whole, named=True)
    assert not is_paste(b"Note: call me\nERROR: see [1] there\n", named=False)
    assert not is_paste(b"\0\0" + whole, named=False)


TWO = """> Aug  1 17:24:48 jupiter SM: [1] one
> Aug  1 17:24:49 saturn.lab.example SM: [2] two
> SM: [2]   two goes on
block nbd0: of saturn, too
> Aug  1 17:24:50 JUPITER SM: [1] three
Aug  1 17:24:51 localhost SM: [1] four
"""


def test_lines_of_two_hosts_are_logs_of_each() -> None:
    jupiter, saturn = logs(TWO, "jupiter"), logs(TWO, "saturn")
    assert [line[-5:] for line in jupiter["var/log/SMlog"]][:6] == [
        "] one",
        *[""] * 3,
        "three",
        " four",
    ]
    assert [line[-5:] for line in saturn["var/log/SMlog"]][:3] == ["", "] two", "es on"]
    assert saturn["var/log/kern.log"][3].endswith("block nbd0: of saturn, too")
    assert "var/log/kern.log" not in jupiter


def test_what_no_log_wrote_stands_in_one_log_alone() -> None:
    found = put_together(f"Hello, see\n{TWO}".encode())
    assert [body.startswith(b"Hello") for _, body, _ in found].count(True) == 1


@pytest.mark.parametrize(
    ("path", "head", "pasted"),
    [
        ("ticket.txt", TWO, True),
        ("notes", "prose, and prose\n" * 40 + TWO, True),
        ("ticket.txt", "uuid ( RO) : 6b0c1a3e-9d1f-4c55-8a47-2f60b7c0e913\n" * 30 + TWO, False),
        ("ticket.txt", "Hello\n", False),
        ("process-tree.out", TWO, False),
        ("var/log/boot.log", TWO, False),
        ("xen-bugtool.log", TWO, False),
    ],
)
def test_notes_in_an_archive_are_pastes_where_they_are_of_logs(
    path: str, head: str, pasted: bool
) -> None:
    assert is_loose_paste(path, head.encode()) is pasted
