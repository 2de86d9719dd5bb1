"""What a command says where a name fits nothing, or several things."""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches

from analyzer.errors import UsageError

_NEAR = 5
_LIKE = 0.5
_MOST_LISTED = 20


def none_fits(wanted: str, what: str, names: Iterable[str | None], option: str = "") -> UsageError:
    """Return the error for a name that nothing has; it tells the names that are near."""
    from analyzer.render.words.view import visible

    known = sorted({name for name in names if name})
    near = near_names(wanted, known)
    told = f"near it: {', '.join(map(visible, near))}"
    if not near:
        more = ", …" if len(known) > _NEAR else ""
        told = f"there are: {', '.join(map(visible, known[:_NEAR]))}{more}"
    hint = f"; {told}" if known else ""
    asked = f"{option} {visible(wanted)}".strip()
    return UsageError(f"{asked}: no {what} of the given bundles is called so{hint}")


def near_names(wanted: str, names: Iterable[str]) -> tuple[str, ...]:
    """Return the names that are written nearly like this one, the nearest first."""
    known: dict[str, str] = {}
    for name in names:
        known.setdefault(name.casefold(), name)
    text = wanted.strip().casefold()
    close = get_close_matches(text, known, _NEAR, _LIKE)
    within = [name for name in sorted(known) if text and text in name]
    return tuple(known[name] for name in dict.fromkeys((*close, *within)))[:_NEAR]


def several_fit(
    wanted: str, what: str, lines: Sequence[str], begun: str, option: str = ""
) -> UsageError:
    """Return the error for a name that several things have; it lists them and says how to go on."""
    from analyzer.render.words.view import visible

    shown = [f"  {line}" for line in lines[:_MOST_LISTED]]
    if len(lines) > _MOST_LISTED:
        shown.append(f"  and {len(lines) - _MOST_LISTED} more")
    instead = f"give the beginning of a uuid, such as {begun}" if begun else "give one of them"
    asked = f"{option} {visible(wanted)}".strip()
    return UsageError("\n".join([f"{asked}: {len(lines)} {what}s fit; {instead}", *shown]))
