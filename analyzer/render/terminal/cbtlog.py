"""Binary ``.cbtlog`` files as text and JSON: what ``cbt-util get`` prints, and statistics."""

import json
from collections.abc import Iterator, Sequence
from uuid import UUID

from analyzer.model.cbt import CbtLogFile
from analyzer.model.terms import CBT_BLOCK
from analyzer.rebuilt.cbt.file_chain import chain_of_files
from analyzer.render.words.chain_text import LEGEND, chain_lines, size_words
from analyzer.render.words.view import counted, visible

_LEVELS = " .:-=+*#%@"
_ZERO = str(UUID(int=0))


def cbtlogs_json(files: Sequence[CbtLogFile]) -> str:
    """Return a list with one object per file, in the order given."""
    object_of_file: list[dict[str, str | int | bool | None]] = []
    for file in files:
        known = file.header
        sound = file.consistent in (0, 1)
        object_of_file.append(
            {
                "file": file.source.member,
                "uuid": file.uuid or None,
                "parent": file.parent or None,
                "child": file.child or None,
                "consistent": file.consistent == 1 if known and sound else None,
                "size": file.size if known else None,
                "bitmap_bytes": file.bitmap_bytes if known else None,
                "changed_blocks": file.bits if known and _is_whole(file) else None,
                "error": file.problem or None,
            }
        )
    return json.dumps(object_of_file, indent=2) + "\n"


def cbtlogs_text(files: Sequence[CbtLogFile]) -> str:
    """Return one block of lines per file, and the chain if there are several."""
    lines = [line for file in files for line in (*_block_of_file(file), "")]
    if len(files) > 1:
        lines += _chain_of_files(files)
    return "\n".join(lines).rstrip("\n") + "\n"


def _is_whole(file: CbtLogFile) -> bool:
    return file.bitmap_bytes == file.expected_bytes


def _block_of_file(file: CbtLogFile) -> Iterator[str]:
    yield visible(file.source.member)
    if file.header:
        yield from (f"  {name:<11} {words}" for name, words in _facts_of_file(file))
    if file.problem:
        yield f"  DAMAGED     {file.problem}"


def _facts_of_file(file: CbtLogFile) -> Iterator[tuple[str, str]]:
    yield "disk", file.uuid or "the file's name holds no uuid"
    yield "parent", file.parent or f"{_ZERO} (none)"
    yield "child", file.child or f"{_ZERO} (none)"
    match file.consistent:
        case 1:
            # cbt-util create, a snapshot and a read-only detach write 1, too
            flag_in_words = (
                "1 (no session writes to the disk: the last one ended, or there was none yet)"
            )
        case 0:
            flag_in_words = "0 (the disk is being written to, or a session did not end in order)"
        case _:
            flag_in_words = str(file.consistent)
    yield "consistent", flag_in_words
    yield "size", f"{file.size} bytes ({size_words(file.size)})"
    yield "bitmap", f"{file.bitmap_bytes} bytes"
    blocks = -(-file.size // CBT_BLOCK)
    least = "" if _is_whole(file) else "at least "
    share = f" ({100 * file.bits / blocks:.1f} %)" if blocks and _is_whole(file) else ""
    amount = size_words(file.bits * CBT_BLOCK)
    changed_in_words = (
        f"{least}{file.bits:,} of {counted(blocks, 'block')} of 64 KiB{share}, {amount}"
    )
    yield "changed", changed_in_words
    if file.spread:
        # A sign for each part of the disk, the darker the more of it changed.
        histogram_blocks, parts = -(-file.size // CBT_BLOCK), len(file.spread)
        lengths = (
            histogram_blocks * (n + 1) // parts - histogram_blocks * n // parts
            for n in range(parts)
        )
        top = len(_LEVELS) - 1
        histogram_of_blocks = "".join(
            _LEVELS[-(-top * count // length)]
            for count, length in zip(file.spread, lengths, strict=True)
        )
        yield "where", f"|{histogram_of_blocks}|"
        yield "", "beginning to end of the disk; ' ' no block changed ... '@' nearly all"


def _chain_of_files(files: Sequence[CbtLogFile]) -> Iterator[str]:
    yield "CHAIN, oldest first"
    yield from (f"  {line}" for line in chain_lines(chain_of_files(files)))
    seen: set[str] = set()
    for file in files:
        if not file.header or not file.uuid or file.uuid in seen:
            if not file.header:
                why_not = "nothing of it could be read"
            else:
                why_not = (
                    "another file of the same disk is drawn"
                    if file.uuid
                    else "its name holds no uuid"
                )
            yield f"  not drawn: {visible(file.source.member)}, {why_not}"
        seen.add(file.uuid)
    yield f"  {LEGEND}"
