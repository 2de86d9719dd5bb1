"""Paths of CBT logs, as SM writes them on volumes and in files."""

import pytest

from analyzer.rebuilt.cbt.log_paths import LogPath, is_uuid, log_path, shown_path, volumes_by_type

SR = "1b0c5d2e-0000-4000-8000-000000000001"
DISK = "6b0c1a3e-9d1f-4c55-8a47-2f60b7c0e913"


@pytest.mark.parametrize(
    ("text", "sr", "volume"),
    [
        (f"/dev/VG_XenStorage-{SR}/{DISK}.cbtlog", SR, True),
        (f"/run/sr-mount/{SR}/{DISK}.cbtlog", SR, False),
        (f"/var/run/sr-mount/{SR}/{DISK}.cbtlog", SR, False),  # up to sm 3
        (f"{DISK}.cbtlog", "other", None),
        (f"/tmp/{DISK}.cbtlog", "other", None),  # noqa: S108 - a path in a log
    ],
)
def test_path_is_taken_apart(text: str, sr: str, volume: bool | None) -> None:
    assert log_path(text, "other") == LogPath(sr=sr, disk=DISK, volume=volume)


@pytest.mark.parametrize(
    "text", [f"/run/sr-mount/{SR}/{DISK}.vhd", f"{DISK}.cbtlog.gz", "x.cbtlog", ""]
)
def test_what_is_no_path_of_a_log_is_none(text: str) -> None:
    assert log_path(text, SR) is None


@pytest.mark.parametrize(("kind", "volume"), [("lvmoiscsi", True), ("nfs", False)])
def test_path_that_is_shown_is_the_one_that_is_read(kind: str, volume: bool) -> None:
    assert volumes_by_type(kind) is volume
    shown = shown_path(SR, DISK, volume=volume)
    assert log_path(shown, None) == LogPath(sr=SR, disk=DISK, volume=volume)


def test_sr_of_an_unknown_type_has_no_path_that_could_be_wrong() -> None:
    assert volumes_by_type("made-up") is None
    assert volumes_by_type(None) is None
    assert shown_path(SR, DISK, volume=None) == f"<folder of SR {SR}>/{DISK}.cbtlog"


def test_uuid_is_whole_and_lower_case() -> None:
    assert is_uuid(DISK)
    assert not any(map(is_uuid, (DISK[:-1], DISK.upper(), f" {DISK}", "")))
