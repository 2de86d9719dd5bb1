"""PoolState: the objects of one pool by reference and uuid, as the database had them."""

from dataclasses import dataclass

from analyzer.model.source import Source
from analyzer.model.xapi import Host, Network, Pbd, Pif, Pool, Sm, Sr, Vbd, Vdi, Vm


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolState:
    """One pool. All references are resolved by `get`; tuples are sorted by uuid.

    ``source`` is the database copy that won, ``chosen_because`` says why; ``complete`` is True
    only when that copy was read to its end and had the tables. An `xe` dump alone is never
    complete, so nothing can be concluded from what it does not show.
    """

    source: Source
    chosen_because: str
    complete: bool
    schema_minor: int | None
    generation: int | None
    pool: Pool | None
    hosts: tuple[Host, ...] = ()
    srs: tuple[Sr, ...] = ()
    pbds: tuple[Pbd, ...] = ()
    vdis: tuple[Vdi, ...] = ()
    vbds: tuple[Vbd, ...] = ()
    vms: tuple[Vm, ...] = ()
    networks: tuple[Network, ...] = ()
    pifs: tuple[Pif, ...] = ()
    sms: tuple[Sm, ...] = ()
