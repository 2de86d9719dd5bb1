from analyzer.bundle.paste import is_paste, put_together

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


def logs(text: str) -> dict[str, list[str]]:
    return {name.family: body.decode().split("\n") for name, body, _ in put_together(text.encode())}


def test_each_line_is_made_whole_in_its_log_at_its_number() -> None:
    found = logs(PASTE)
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
    assert found["var/log/xensource.log"][9].startswith("Nov 24 10:00:00 xen3 xapi: [error|xen3|")
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
