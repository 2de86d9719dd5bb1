"""Listings of SR mount points, in the ways people make them."""

from collections.abc import Callable

import pytest

from analyzer.model.storage import SrListing
from analyzer.parsers.storage import listing
from tests.parsers.memory_member import facts

STORE = "1f4e8a90-8c6b-4a37-b1de-5d2f60c7e913"
OTHER = "9d7c2e51-3f08-4b6a-8e1d-70b4c5a2f618"
DISK = "6b0c1a3e-52d7-4f19-8c55-0d9e61f7a2b4"
SECOND = "c3f2e590-1d0a-4f63-9d0b-b6f4b1a9e7d2"
ROOT = "/run/sr-mount"

LONG = f"""\
total 52432
-rw-r--r-- 1 root root   4194304 Nov 21 10:06 {DISK}.cbtlog
-rw-r--r-- 1 root root 104858112 Nov 21 10:06 {DISK}.vhd
-rw-r--r-- 1 root root 104858112 Nov 20  2023 {SECOND}.vhd
drwx------ 2 root root     16384 Nov 20 10:06 lost+found
"""
RECURSIVE = f"""\
{ROOT}:
total 4
drwxr-xr-x 3 root root 4096 Nov 21 10:06 {STORE}
drwxr-xr-x 3 root root 4096 Nov 21 10:06 {OTHER}

{ROOT}/{STORE}:
{LONG}
{ROOT}/{STORE}/lost+found:
total 0

{ROOT}/{OTHER}:
total 0
"""
FIND = f"""\
{ROOT}
{ROOT}/{STORE}
{ROOT}/{STORE}/{DISK}.vhd
{ROOT}/{STORE}/{DISK}.cbtlog
{ROOT}/{STORE}/lost+found
{ROOT}/{STORE}/lost+found/{SECOND}.cbtlog
"""
BARE = f"{DISK}.cbtlog\n{DISK}.vhd\n{SECOND}.vhd\n"


def read(content: str | bytes, damage: str = "") -> tuple[SrListing, ...]:
    found = facts(listing.PARSER, "sr.txt", content, damage=damage)
    return tuple(fact for fact in found if isinstance(fact, SrListing))


def one(content: str | bytes, damage: str = "") -> SrListing:
    (found,) = read(content, damage)
    return found


def names(found: SrListing) -> list[str]:
    return [file.name for file in found.files]


@pytest.mark.parametrize(
    "head",
    [
        LONG,
        RECURSIVE,
        FIND,
        BARE,
        f"/var{ROOT}/{STORE}:\ntotal 0\n",
        f"# ls -l {ROOT}/{STORE}\n",
        f"[root@jupiter ~]# find /var{ROOT}\n",
        f"./{DISK}.vhd\n",
        f"1234 -rw-r--r-- 1 root root 5 Nov 21 10:06 {DISK}.vhd\n",
        f"8 {DISK}.vhd\n",
    ],
)
def test_loose_files_are_claimed_by_their_head(head: str) -> None:
    assert listing.PARSER.claims("any name.txt", head.encode())


@pytest.mark.parametrize(
    "head",
    [
        "",
        "Dear support,\n",
        f"Nov 21 10:06:01 jupiter SM: [1] open {ROOT}/{STORE}/{DISK}.vhd\n",
        f"we removed {DISK}.vhd\n",
        "/dev:\ntotal 0\n",
        "\x00\xff\n",
    ],
)
def test_other_texts_are_not_claimed(head: str) -> None:
    assert not listing.PARSER.claims("notes.txt", head.encode())


def test_logs_are_not_claimed() -> None:
    assert not listing.PARSER.claims("var/log/SMlog", LONG.encode())


def test_each_folder_of_an_sr_is_a_listing() -> None:
    assert [(each.sr, each.complete) for each in read(RECURSIVE)] == [(STORE, True), (OTHER, True)]


def test_files_have_size_and_line() -> None:
    file = read(RECURSIVE)[0].files[0]
    assert (file.name, file.size) == (f"{DISK}.cbtlog", 4194304)
    assert (file.source.line, file.text) == (8, LONG.split("\n")[1])


def test_the_heading_is_kept() -> None:
    found = read(RECURSIVE)[0]
    assert (found.header, found.source.line) == (f"{ROOT}/{STORE}:", 6)


def test_folders_and_what_is_in_them_are_not_files_of_the_sr() -> None:
    assert names(read(RECURSIVE)[0]) == [f"{DISK}.cbtlog", f"{DISK}.vhd", f"{SECOND}.vhd"]


def test_an_sr_that_says_it_is_empty_is_complete() -> None:
    assert read(RECURSIVE)[1].files == ()


def test_a_listing_of_the_mount_points_alone_tells_of_no_sr() -> None:
    assert read(RECURSIVE[: RECURSIVE.index("\n\n") + 1]) == ()
    assert read(f"{ROOT}:\n{STORE}\n{OTHER}\n") == ()


def test_the_old_root_is_the_same() -> None:
    assert [each.sr for each in read(RECURSIVE.replace(ROOT, f"/var{ROOT}"))] == [STORE, OTHER]


def test_a_relative_recursive_listing_names_the_srs() -> None:
    assert [each.sr for each in read(RECURSIVE.replace(ROOT, "."))] == [STORE, OTHER]


def test_a_relative_listing_of_one_folder_is_of_an_unknown_sr() -> None:
    found = one(f".:\n{LONG}")
    assert (found.sr, found.complete, len(found.files)) == (None, True, 3)


def test_a_long_listing_without_a_heading_is_of_an_unknown_sr() -> None:
    found = one(LONG)
    assert (found.sr, found.complete, len(found.files)) == (None, True, 3)


def test_a_long_listing_without_a_total_may_be_selected() -> None:
    assert not one(LONG.partition("\n")[2].replace(f"{SECOND}.vhd", f"{DISK}.x")).complete


@pytest.mark.parametrize(
    "command",
    [f"ls -l {ROOT}/{STORE}", f"ls -la {ROOT}/{STORE}/", f"ls -lh /var{ROOT}/{STORE}"],
)
def test_the_command_names_the_sr(command: str) -> None:
    found = one(f"[root@jupiter ~]# {command}\n{LONG}[root@jupiter ~]# \n")
    assert (found.sr, found.complete) == (STORE, True)


@pytest.mark.parametrize(
    "command",
    [
        f"ls -l {ROOT}/{STORE} | head",
        f"ls -l {ROOT}/{STORE}/*.vhd",
        "cd /tmp",
    ],
)
def test_a_command_that_selects_leaves_the_sr_unknown(command: str) -> None:
    assert one(f"# {command}\n{LONG}").sr is None


def test_a_selected_listing_is_incomplete() -> None:
    text = f"# ls -l {ROOT}/{STORE} | grep vhd\n" + "\n".join(LONG.split("\n")[2:])
    assert not one(text).complete


def test_a_listing_of_the_folder_itself_does_not_say_it_is_empty() -> None:
    text = f"# ls -ld {ROOT}/{STORE}\ndrwxr-xr-x 3 root root 4096 Nov 21 10:06 {ROOT}/{STORE}\n"
    assert not any(each.complete for each in read(text))


def test_a_recursive_command_and_its_heading_are_one_folder() -> None:
    found = one(f"# ls -lR {ROOT}/{STORE}\n{ROOT}/{STORE}:\n{LONG}")
    assert (found.sr, found.complete) == (STORE, True)


def test_find_lists_by_path() -> None:
    found = one(FIND)
    assert (found.sr, found.complete) == (STORE, True)
    assert names(found) == [f"{DISK}.vhd", f"{DISK}.cbtlog", "lost+found"]
    assert found.files[0].size is None


def test_find_with_a_slash_behind_the_folder() -> None:
    found = one(f"{ROOT}/{STORE}/\n{ROOT}/{STORE}/{DISK}.vhd\n")
    assert (found.sr, found.complete, names(found)) == (STORE, True, [f"{DISK}.vhd"])


def test_find_ls_shows_sizes() -> None:
    text = (
        f"   11 4 drwxr-xr-x 2 root root 4096 Nov 21 10:06 {ROOT}/{STORE}\n"
        f"   12 4 -rw-r--r-- 1 root root 4194304 Nov 21 10:06 {ROOT}/{STORE}/{DISK}.cbtlog\n"
    )
    found = one(text)
    assert (found.complete, found.files[0].size) == (True, 4194304)


def test_find_without_the_folder_itself_was_selected() -> None:
    text = f"{ROOT}/{STORE}/{DISK}.vhd\n{ROOT}/{STORE}/{SECOND}.vhd\n"
    found = one(text)
    assert (found.sr, found.complete) == (STORE, False)


def test_find_with_a_name_was_selected() -> None:
    assert not one(f"# find {ROOT} -name '*.vhd'\n{FIND}").complete


def test_find_in_the_folder_is_of_an_unknown_sr() -> None:
    found = one(f".\n./{DISK}.vhd\n./{DISK}.cbtlog\n")
    assert (found.sr, found.complete) == (None, True)
    assert f"{DISK}.cbtlog" in names(found)


def test_find_at_the_root_names_the_sr() -> None:
    assert one(FIND.replace(ROOT, ".")).sr == STORE


def test_paths_in_a_long_listing_name_the_sr() -> None:
    text = f"-rw-r--r-- 1 root root 4096 Nov 21 10:06 {ROOT}/{STORE}/{DISK}.cbtlog\n"
    found = one(text)
    assert (found.sr, found.complete, found.files[0].size) == (STORE, False, 4096)


def test_two_srs_by_path_are_two_listings() -> None:
    text = FIND + FIND.partition("\n")[2].replace(STORE, OTHER)
    assert [(each.sr, len(each.files)) for each in read(text)] == [(STORE, 3), (OTHER, 3)]


def test_bare_names_of_several_kinds_and_disks_were_not_selected() -> None:
    found = one(BARE)
    assert (found.sr, found.complete, found.header) == (None, True, "")


@pytest.mark.parametrize("content", [f"{DISK}.vhd\n{SECOND}.vhd\n", f"{DISK}.vhd\n{DISK}.cbtlog\n"])
def test_bare_names_of_one_kind_or_disk_may_be_selected(content: str) -> None:
    assert not one(content).complete


def test_bare_names_in_columns_are_all_read() -> None:
    found = one(f"{ROOT}/{STORE}:\n{DISK}.vhd  {DISK}.cbtlog\n")
    assert names(found) == [f"{DISK}.vhd", f"{DISK}.cbtlog"]


def test_names_behind_a_size_in_blocks_are_read() -> None:
    assert names(one(f"4100 {DISK}.vhd\n   8 {SECOND}.cbtlog\n")) == [
        f"{DISK}.vhd",
        f"{SECOND}.cbtlog",
    ]


@pytest.mark.parametrize(
    "row",
    [
        "-rw-r--r-- 1 root root {size} Nov 21 10:06 {name}",
        "-rw-r--r--. 1 root root {size} 2024-11-21 10:06 {name}",
        "-rw-r--r-- 1 root root {size} 2024-11-21 10:06:01.000000000 +0000 {name}",
        "-rw-r--r-- 1 root root {size} 1732183561 {name}",
        "7437928 -rw-r--r-- 1 nobody nogroup {size} Aug 28 21:37 {name}",
        "lrwxrwxrwx 1 root root {size} Nov 21 10:06 {name} -> /elsewhere",
    ],
)
def test_rows_of_all_styles_show_name_and_size(row: str) -> None:
    text = f"{ROOT}/{STORE}:\n{row.format(size=4096, name=f'{DISK}.cbtlog')}\n"
    file = one(text).files[0]
    assert (file.name, file.size) == (f"{DISK}.cbtlog", 4096)


@pytest.mark.parametrize(
    "row",
    ["-rw-r--r-- 1 root root 4.0M Nov 21 10:06 {name}", "-rw-r--r-- 1 4096 Nov 21 10:06 {name}"],
)
def test_a_rounded_or_shifted_size_is_none(row: str) -> None:
    text = f"{ROOT}/{STORE}:\n{row.format(name=f'{DISK}.cbtlog')}\n"
    assert one(text).files[0].size is None


@pytest.mark.parametrize(
    "change",
    [lambda text: text.replace("\n", "\r\n"), lambda text: "\ufeff" + text],
    ids=["crlf", "notepad"],
)
def test_ways_of_saving_make_no_difference(change: Callable[[str], str]) -> None:
    assert [(each.sr, each.complete) for each in read(change(RECURSIVE))] == [
        (STORE, True),
        (OTHER, True),
    ]


def test_a_cut_makes_the_last_folder_incomplete() -> None:
    found = read(RECURSIVE[:-3])
    assert [each.complete for each in found] == [True, False]


def test_a_half_name_is_no_file() -> None:
    assert names(one(LONG.rstrip()[: LONG.rindex(SECOND) + 40])) == [
        f"{DISK}.cbtlog",
        f"{DISK}.vhd",
    ]


@pytest.mark.parametrize("end", ["** timeout **\n", "\n** timeout **\n"])
def test_a_timeout_makes_the_last_folder_incomplete(end: str) -> None:
    assert [each.complete for each in read(RECURSIVE + end)] == [True, False]


def test_damage_makes_the_last_folder_incomplete() -> None:
    assert [each.complete for each in read(RECURSIVE, damage="ends here")] == [True, False]


def test_a_heading_with_nothing_below_is_incomplete() -> None:
    assert not one(f"{ROOT}/{STORE}:\n").complete


def test_a_total_without_its_rows_is_incomplete() -> None:
    assert not one(f"{ROOT}/{STORE}:\ntotal 52432\n").complete


def test_an_error_on_a_named_folder_makes_that_one_incomplete() -> None:
    text = f"ls: cannot access {ROOT}/{OTHER}/x: Stale file handle\n{RECURSIVE}"
    assert [each.complete for each in read(text)] == [True, False]


def test_an_error_on_nothing_named_makes_all_incomplete() -> None:
    text = f"{RECURSIVE}ls: reading directory .: Input/output error\n"
    assert [each.complete for each in read(text)] == [False, False]


def test_an_error_makes_an_unknown_sr_incomplete() -> None:
    assert not one(f"ls: cannot access {ROOT}/{OTHER}: No such file or directory\n{LONG}").complete


def test_a_file_that_could_not_be_looked_at_makes_it_incomplete() -> None:
    text = f"{ROOT}/{STORE}:\ntotal 4\n-????????? ? ? ? ? ? {DISK}.cbtlog\n"
    assert not one(text).complete


@pytest.mark.parametrize(
    "content", ["", "\n\n", "total 4\n-rw-r--r-- 1 a a 5 Nov 21 10:06 notes\n", ":\n"]
)
def test_what_lists_no_sr_yields_nothing(content: str) -> None:
    assert read(content) == ()
