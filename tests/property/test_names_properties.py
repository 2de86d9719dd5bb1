"""Whatever an archive calls its files, and whatever its own notes hold."""

from hypothesis import given
from hypothesis import strategies as st

from analyzer.bundle.inventory import read_bugtool_log, read_inventory
from analyzer.bundle.names import log_name, place, printable

PARTS = st.sampled_from(
    ["..", ".", "", "var", "log", "SMlog.1", "bug-report-20240610133241", "OpaqueRef_x", "a\x1b"]
)
PATHS = st.one_of(
    st.text(alphabet=st.characters(exclude_categories=())),
    st.lists(PARTS, max_size=8).map("/".join),
)


@given(PATHS)
def test_a_placed_path_stays_inside(stored: str) -> None:
    placed = place(stored)
    for path in (placed.root, placed.path):
        assert not path.startswith("/")
        assert ".." not in path.split("/")
        assert path.isprintable()


@given(PATHS)
def test_placing_again_changes_nothing(stored: str) -> None:
    placed = place(stored)
    whole = f"{placed.root}/{placed.path}"
    assert place(whole).path == placed.path


@given(PATHS)
def test_printing_again_changes_nothing(text: str) -> None:
    assert printable(printable(text)) == printable(text)


@given(PATHS)
def test_only_files_of_the_log_folder_are_logs(path: str) -> None:
    log = log_name(path)
    assert log is None or path.startswith(log.family)


@given(st.binary())
def test_any_inventory_is_read_or_refused(data: bytes) -> None:
    read_inventory(data)
    read_inventory(b"<system-status-inventory>" + data + b"</system-status-inventory>")
    read_inventory(b"<?xml version='1.0' encoding='" + data + b"'?><system-status-inventory/>")


@given(st.binary())
def test_any_bugtool_log_is_read(data: bytes) -> None:
    log = read_bugtool_log(data)
    assert log.argv or log.requested is None


@given(
    st.lists(
        st.sampled_from(
            ["--entries", "--entries=", "--e=a:0,b:99999,c:x", "-ya", "--all", "--", "-", "a", ":,"]
        )
    )
)
def test_any_arguments_are_read(words: list[str]) -> None:
    line = " ".join(["/usr/sbin/xen-bugtool", *words])
    requested = read_bugtool_log(line.encode()).requested
    assert requested is None or all(
        number is None or 1 <= number <= 9 for number in requested.values()
    )
