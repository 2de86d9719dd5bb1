"""References of a whole database that lead nowhere: a letter of one of them was changed.

xapi's collector of lost objects (xen-api ``ocaml/xapi/db_gc.ml``) removes a row whose owner is gone
within half a minute, so these never stay; what may dangle for long (``snapshot_of``, the disk of
a VBD) is a finding of a rule, not damage.
"""

from collections import Counter
from collections.abc import Iterable, Iterator

from analyzer.model.xapi import Host, Network, Pbd, Pif, Sr, Vbd, Vdi, Vm, XapiObject

LEADS_NOWHERE = "has a reference that leads nowhere"


def astray(objects: Iterable[XapiObject]) -> Counter[str]:
    """Count, in words, the references to an owner that is not among the objects."""
    known = list(objects)
    there = {(type(row), row.ref) for row in known if row.ref}
    found: Counter[str] = Counter()
    for row in known:
        for name, kind, reference in _owners(row):
            if reference is not None and (kind, reference) not in there:
                found[f"{name} {LEADS_NOWHERE}"] += 1
    return found


def _owners(row: XapiObject) -> Iterator[tuple[str, type[XapiObject], str | None]]:
    match row:
        case Vdi():
            yield "VDI.SR", Sr, row.sr
        case Vbd():
            yield "VBD.VM", Vm, row.vm
        case Pbd():
            yield "PBD.SR", Sr, row.sr
            yield "PBD.host", Host, row.host
        case Pif():
            yield "PIF.host", Host, row.host
            yield "PIF.network", Network, row.network
        case _:
            pass
