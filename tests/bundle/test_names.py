import pytest

from analyzer.bundle.names import LogName, Placed, escapes, log_name, place, printable


@pytest.mark.parametrize(
    ("stored", "root", "path"),
    [
        ("bug-report-20240610133241/lvs.out", "bug-report-20240610133241", "lvs.out"),
        (
            "t-bugtool-jupiter/bug-report-20240610133241/var/log/SMlog",
            "t-bugtool-jupiter/bug-report-20240610133241",
            "var/log/SMlog",
        ),
        ("bug-report-20240610133241 (1)/lvs.out", "bug-report-20240610133241 (1)", "lvs.out"),
        (
            "var/opt/xen/bug-report/bug-report-20240610133241/var/log/SMlog",
            "var/opt/xen/bug-report/bug-report-20240610133241",
            "var/log/SMlog",
        ),
        ("var/log/SMlog", "", "var/log/SMlog"),
        ("host a/var/log/SMlog", "host a", "var/log/SMlog"),
        ("basename/xapi-db.xml", "basename", "xapi-db.xml"),
        ("basename/etc/xensource/pool.conf", "basename", "etc/xensource/pool.conf"),
        ("SMlog.2.gz", "", "var/log/SMlog.2.gz"),
        ("logs/daemon.log", "logs", "var/log/daemon.log"),
        ("./x/../SMlog", "x", "var/log/SMlog"),
        ("/SMlog", "", "var/log/SMlog"),
        ("bug-report-2024/lvs.out", "bug-report-2024", "lvs.out"),
        ("", "", ""),
    ],
)
def test_a_stored_name_is_taken_apart(stored: str, root: str, path: str) -> None:
    assert place(stored) == Placed(root=root, path=path)


@pytest.mark.parametrize(
    ("stored", "path"),
    [
        (
            "var/xapi/blobs/messages/refs/OpaqueRef_5f9c",
            "var/xapi/blobs/messages/refs/OpaqueRef:5f9c",
        ),
        (
            "var/xapi/blobs/messages/refs/OpaqueRef_5f9c (1)",
            "var/xapi/blobs/messages/refs/OpaqueRef:5f9c (1)",
        ),
    ],
)
def test_the_renaming_of_xencenter_is_undone(stored: str, path: str) -> None:
    assert place(stored).path == path


@pytest.mark.parametrize(
    ("path", "family", "rotation"),
    [
        ("var/log/SMlog", "var/log/SMlog", 0),
        ("var/log/SMlog.1", "var/log/SMlog", 1),
        ("var/log/SMlog.19.gz", "var/log/SMlog", 19),
        ("var/log/xensource.log.3.bz2", "var/log/xensource.log", 3),
        ("var/log/messages", "var/log/messages", 0),
        ("var/log/xha.log.2", "var/log/xha.log", 2),
        ("var/log/SMlog.gz", "var/log/SMlog", 0),
    ],
)
def test_a_log_is_known_with_its_rotation(path: str, family: str, rotation: int) -> None:
    assert log_name(path) == LogName(family=family, rotation=rotation)


@pytest.mark.parametrize(
    "path",
    [
        "SMlog",
        "var/log/SMlog.old",
        "var/log/SMlogs",
        "var/log/xen/hypervisor.log",
        "opt/var/log/SMlog",
        "var/log/SMlog.٣",
        "var/log/SMlog.1.gz\n",
        "",
    ],
)
def test_other_files_are_no_logs(path: str) -> None:
    assert log_name(path) is None


@pytest.mark.parametrize("path", ["/x", "../x", "a/../b", "a\\..\\b", "\\x", "C:\\x", "c:/x", ".."])
def test_a_name_that_leads_outside_is_told(path: str) -> None:
    assert escapes(path)


@pytest.mark.parametrize(
    "path", ["a/b", "..a/b", "a..b", "OpaqueRef:x", "dev-disk-by\\x2duuid.swap"]
)
def test_a_name_that_stays_inside_is_told(path: str) -> None:
    assert not escapes(path)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain ü", "plain ü"),
        ("\x1b[0m\n", "\\x1b[0m\\x0a"),
        ("\u202etxt", "\\u202etxt"),
        ("\udcff", "\\xff"),
        ("\U000e0001", "\\U000e0001"),
        ("\x9b", "\\x9b"),
    ],
)
def test_what_a_terminal_acts_on_is_escaped(text: str, shown: str) -> None:
    assert printable(text) == shown
