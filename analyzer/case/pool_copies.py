"""Which copies of the database are of one pool, and which of them is believed.

Every host has a copy: the master's is written at once, a supporter's is up to 300 s old
(xen-api, ``pool_db_sync_interval``), and ``xapi-db-dumped.xml`` is the master's at the moment of
the dump. ``generation_count`` in the manifest grows with every change (a row made or deleted is
one, ``db_cache_types.ml``), so the highest is newest, and two copies differ by no more rows than
changes lie between them: where they do, rows were lost.
"""

from collections.abc import Iterable, Sequence

from analyzer.model.xapi import Pbd, Pif, Pool, Vbd, Vdi, XapiDatabase, XapiObject
from analyzer.values import dataclass

# Tables without which nothing can be concluded from what a copy does not show.
NEEDED = frozenset({"pool", "host", "SR", "PBD", "VDI", "VBD", "VM", "network", "PIF"})

# A whole copy that is this many changes behind a cut one is still better: minutes of a busy pool.
MUCH_OLDER = 10_000

Copy = tuple[str, XapiDatabase]


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolCopies:
    """The copies of one pool: the one that is believed, why, and the objects to take."""

    chosen: XapiDatabase
    because: str
    complete: bool
    bundles: tuple[str, ...]
    objects: tuple[XapiObject, ...]


def copies_by_pool(databases: Sequence[Copy]) -> tuple[PoolCopies, ...]:
    """Return the copies pool by pool; a copy of which nothing was read is of no pool.

    Only when nothing was read of any copy, one empty pool stands for them, so that it is not
    taken for "there is no pool".
    """
    read = [copy for copy in databases if copy[1].objects] or list(databases)[:1]
    groups: list[list[Copy]] = []
    for copy in sorted(read, key=_rank_for_grouping):
        group = next((group for group in groups if _same_pool(group, copy)), None)
        if group is None:
            groups.append([copy])
        else:
            group.append(copy)
    unread = [copy for copy in databases if not copy[1].objects]
    return tuple(_copies_of_pool(group, unread) for group in groups)


def _rank_for_grouping(copy: Copy) -> tuple[bool, bool, str, str]:
    # Copies that name their pool first: the others can then be told by what they share.
    bundle, database = copy
    return (_pool_uuid(database) is None, _is_dump(database), bundle, str(database.source))


def _same_pool(group: Sequence[Copy], copy: Copy) -> bool:
    pool = _pool_uuid(copy[1])
    pools = {_pool_uuid(database) for _, database in group} - {None}
    if pool and pools:
        return pool in pools
    if copy[0] in {bundle for bundle, _ in group}:
        return True
    mine = _own_uuids(copy[1])
    return any(not mine.isdisjoint(_own_uuids(database)) for _, database in group)


def _own_uuids(database: XapiDatabase) -> frozenset[str]:
    # Of these no uuid is in two pools at a time; an SR or a VM can be known to two.
    kinds = (Pbd, Vdi, Vbd, Pif)
    return frozenset(row.uuid for row in database.objects if isinstance(row, kinds))


def _pool_uuid(database: XapiDatabase) -> str | None:
    return next((row.uuid for row in database.objects if isinstance(row, Pool)), None)


def _is_dump(database: XapiDatabase) -> bool:
    """Tell whether it is the output of `xe`, which shows no references."""
    return bool(database.objects) and not any(row.ref for row in database.objects)


def _copies_of_pool(group: Sequence[Copy], unread: Sequence[Copy]) -> PoolCopies:
    stored = [copy for copy in group if not _is_dump(copy[1])]
    dumps = [copy for copy in group if _is_dump(copy[1])]
    bundles = {bundle for bundle, _ in group}
    losers = [copy for copy in unread if copy[0] in bundles and copy not in group]
    lost = ""
    if stored:
        chosen = _best_copy(stored)
        lost = _rows_lost_in_copy(chosen, stored)
        copies = [*stored, *losers]
        others = sorted((copy for copy in copies if copy is not chosen), key=_place_of_copy)
        if not others:
            why_copy_was_chosen = f"{_copy_in_words(chosen)}: the only copy of the database"
        else:
            why = "the freshest copy of the database"
            if _generation_of_copy(chosen) < max(_generation_of_copy(copy) for copy in others):
                why = "a fresher copy is not whole, and this one is"
            elif _generation_of_copy(chosen) == max(_generation_of_copy(copy) for copy in others):
                why = "as fresh as any" + (
                    ", and asked of the live master" if chosen[1].live else ""
                )
            why_copy_was_chosen = f"{_copy_in_words(chosen)}: {why}; not used: " + ", ".join(
                _copy_in_words(copy) for copy in others
            )
        because = "; ".join(filter(None, (why_copy_was_chosen, lost)))
        rows = [*chosen[1].objects, *_objects_only_in_dumps(chosen[1].objects, dumps)]
    else:
        chosen = min(dumps, key=_place_of_copy)
        names = ", ".join(f"{database.source} of {bundle}" for bundle, database in dumps)
        because = f"only `xe` output was there, no copy of the database: {names}"
        rows = _objects_only_in_dumps((), dumps)
    return PoolCopies(
        chosen=chosen[1],
        because=because,
        complete=_is_whole(chosen[1]) and not lost,
        bundles=tuple(sorted(bundles)),
        objects=tuple(rows),
    )


def _is_whole(database: XapiDatabase) -> bool:
    return database.complete and database.tables >= NEEDED


def _rows_lost_in_copy(copy: Copy, copies: Iterable[Copy]) -> str:
    """Say which rows of another copy one lacks that no change took away, "" for none."""
    mine = _rows_of_copy(copy)
    for other in copies:
        if None in (copy[1].generation, other[1].generation):
            continue
        theirs = _rows_of_copy(other)
        lacking = len(theirs - mine)
        beyond = len(mine - theirs) if _is_whole(other[1]) else 0
        changes = abs(_generation_of_copy(copy) - _generation_of_copy(other))
        if lacking and lacking + beyond > changes:
            rows = "1 row" if lacking == 1 else f"{lacking} rows"
            return f"it lacks {rows} of {other[1].source} of {other[0]}, and no change tells why"
    return ""


def _rows_of_copy(copy: Copy) -> frozenset[tuple[type, str]]:
    return frozenset((type(row), row.uuid) for row in copy[1].objects)


def _generation_of_copy(copy: Copy) -> int:
    return -1 if copy[1].generation is None else copy[1].generation


def _best_copy(stored: Sequence[Copy]) -> Copy:
    """Return the freshest copy, or a whole one that is not much older and lacks no rows."""

    def rank(copy: Copy) -> tuple[int, bool, bool]:
        return (_generation_of_copy(copy), copy[1].live, _is_whole(copy[1]))

    ordered = sorted(sorted(stored, key=_place_of_copy), key=rank, reverse=True)
    freshest = ordered[0]
    near = [
        copy
        for copy in ordered
        if _is_whole(copy[1])
        and _generation_of_copy(freshest) - _generation_of_copy(copy) <= MUCH_OLDER
    ]
    unhurt = (copy for copy in near if not _rows_lost_in_copy(copy, stored))
    return next(unhurt, next(iter(near), freshest))


def _place_of_copy(copy: Copy) -> tuple[str, str]:
    return (copy[0], str(copy[1].source))


def _copy_in_words(copy: Copy) -> str:
    bundle, database = copy
    generation = "unknown" if database.generation is None else str(database.generation)
    state = "" if database.complete else ", not whole" if database.objects else ", not readable"
    return f"{database.source} of {bundle} (generation {generation}{state})"


def _objects_only_in_dumps(rows: Iterable[XapiObject], dumps: Sequence[Copy]) -> list[XapiObject]:
    """Return the objects that only dumps show; of several records the one that shows the most."""
    known = {(type(row), row.uuid) for row in rows}
    added: dict[tuple[type, str], XapiObject] = {}
    for _, database in sorted(dumps, key=_place_of_copy):
        for row in database.objects:
            key = (type(row), row.uuid)
            if key not in known and (key not in added or len(row.raw) > len(added[key].raw)):
                added[key] = row
    return list(added.values())
