"""get_nbd_info against a second, plain reading of its steps, over any database.

The model works on references as xapi does, with dictionaries; it knows three truths only: what xapi
would certainly answer, that the list is certainly empty, and that the rows do not tell.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from hypothesis import example, given, settings
from hypothesis import strategies as st

from analyzer.case.case import Case
from analyzer.case.events import EventTableBuilder
from analyzer.case.pool import build_pools
from analyzer.model.call import Answer
from analyzer.model.nbd import NbdInfo
from analyzer.model.source import Source
from analyzer.model.xapi import (
    Bond,
    Host,
    HostMetrics,
    Network,
    Pbd,
    Pif,
    Pool,
    Sr,
    Vdi,
    Vlan,
    XapiDatabase,
    XapiObject,
)
from analyzer.rebuilt.nbd.info.answer import nbd_info, nbd_infos
from tests.checks.support import CATALOGUE
from tests.support.whole import examples

TABLES = frozenset({"pool", "host", "SR", "PBD", "VDI", "VBD", "VM", "network", "PIF", "SM"})
HOSTS, NETWORKS, SRS = ("a", "b", "c"), ("lan", "nbd", "plain"), ("shared", "local")
flags = st.sampled_from((True, True, False, None))
purposes = st.sampled_from(
    (("nbd",), ("insecure_nbd",), ("nbd", "insecure_nbd"), (), ("other",), None)
)
addresses = st.sampled_from(("192.0.2.11", "198.51.100.7", "", None))
addresses6 = st.sampled_from(((), ("",), ("2001:db8::1/64",), ("2001:db8::2/64", ""), None))


@dataclass(frozen=True)
class Row:
    """A PIF or a PBD before it is one."""

    host: str
    of: str
    attached: bool | None
    ip: str | None = ""
    ipv6: tuple[str, ...] | None = ()
    vlan: int = -1
    bond: str | None = None


@dataclass(frozen=True)
class Db:
    """A database of one pool; ``gone`` are hosts whose row is missing."""

    purposes: dict[str, tuple[str, ...] | None]
    live: dict[str, bool | None]
    pbds: tuple[Row, ...]
    pifs: tuple[Row, ...]
    master: str | None
    gone: frozenset[str]
    complete: bool
    kind: str | None = "user"


pbds = st.lists(
    st.builds(Row, st.sampled_from(HOSTS), st.sampled_from(SRS), flags),
    max_size=5,
    unique_by=lambda row: (row.host, row.of),
).map(tuple)
pifs = st.lists(
    st.builds(
        Row,
        st.sampled_from(HOSTS),
        st.sampled_from((*NETWORKS, "dangling")),
        flags,
        addresses,
        addresses6,
        st.sampled_from((-1, 40)),
        st.sampled_from((None, "bond")),
    ),
    max_size=8,
).map(tuple)
databases = st.builds(
    Db,
    st.fixed_dictionaries(dict.fromkeys(NETWORKS, purposes)),
    st.fixed_dictionaries(dict.fromkeys(HOSTS, flags)),
    pbds,
    pifs,
    st.sampled_from((*HOSTS, None)),
    st.frozensets(st.sampled_from(HOSTS), max_size=1),
    st.sampled_from((True, True, True, False)),
    st.sampled_from(("user", "user", "system", "cbt_metadata", None)),
)


def model(db: Db, sr: str) -> tuple[Answer, frozenset[tuple[str, str]]]:
    """Return the answer and the (host, address) pairs of it, by xapi's steps."""
    if db.kind == "cbt_metadata":
        return Answer.FAILS, frozenset()
    surely: dict[str, set[str]] = {}
    maybe: set[str] = set()
    for host in HOSTS:
        plug = next((row.attached for row in db.pbds if (row.host, row.of) == (host, sr)), False)
        if host in db.gone or plug is False:
            continue
        for pif in db.pifs:
            if pif.host == host and pif.of in db.purposes:
                sure, may = _addresses(db.purposes[pif.of], pif)
                if sure and plug:
                    surely.setdefault(host, set()).update(sure)
                elif sure or may:
                    maybe.add(host)
    pairs = frozenset((host, ip) for host, ips in surely.items() for ip in ips)
    return _answer(db, set(surely), maybe), pairs


def _answer(db: Db, named: set[str], maybe: set[str]) -> Answer:
    if any(db.live[host] is False and host != db.master for host in named):
        return Answer.FAILS
    possible = named | maybe
    if named:
        doubted = any(db.live[host] is not True and host != db.master for host in possible)
        open_ = doubted or not db.complete or db.kind is None
        return Answer.UNKNOWN if open_ else Answer.OK
    return Answer.UNKNOWN if possible or not db.complete else Answer.FAILS


def _addresses(purpose: tuple[str, ...] | None, pif: Row) -> tuple[set[str], bool]:
    """Return the certain addresses of a PIF, and whether it may have others."""
    if pif.attached is False or (
        purpose is not None and not {"nbd", "insecure_nbd"} & set(purpose)
    ):
        return set(), False
    found = {ip for ip in (pif.ip, *(pif.ipv6 or ())) if ip}
    if pif.attached is None or purpose is None:
        return set(), bool(found) or pif.ip is None or pif.ipv6 is None
    return found, not found and (pif.ip is None or pif.ipv6 is None)


def case_of(*dbs: Db) -> Case:
    """Return a case with one pool per database, its objects named after its number."""
    given_ = [(f"bundle{n}", _database(n, db)) for n, db in enumerate(dbs)]
    events = EventTableBuilder(keep=CATALOGUE.keep).build(None, {}, {})  # type: ignore[arg-type]  # nothing to date
    return Case(
        pools=build_pools(given_),
        hosts=(),
        events=events,
        gap=lambda _need, _bundle: None,
        window=lambda _need: None,
    )


def _name(n: int, kind: type[XapiObject], key: str) -> str:
    return f"OpaqueRef:{n}-{kind.__name__.lower()}-{key}"


def _make(n: int, kind: type[XapiObject], key: str, **fields: object) -> XapiObject:
    ref = _name(n, kind, key)
    source = Source(bundle=f"bundle{n}", member="xapi-db.xml")
    bare = kind(source=source, ref=ref, uuid=ref.removeprefix("OpaqueRef:"))
    return replace(bare, **fields)  # type: ignore[arg-type]  # the names are those of the model


def _rows(n: int, db: Db) -> Iterator[XapiObject]:
    master = _name(n, Host, db.master) if db.master else None
    yield _make(n, Pool, "", master=master)
    yield from (_make(n, Vlan, ""), _make(n, Bond, ""))
    for key, live in db.live.items():
        yield _make(n, HostMetrics, key, live=live)
        if key not in db.gone:
            yield _make(n, Host, key, metrics=_name(n, HostMetrics, key))
    for key, purpose in db.purposes.items():
        yield _make(n, Network, key, purpose=purpose)
    for key in SRS:
        yield _make(n, Sr, key, type="nfs")
        yield _make(n, Vdi, key, sr=_name(n, Sr, key), type=db.kind)
    for place, row in enumerate((*db.pbds, *db.pifs)):
        known = {"host": _name(n, Host, row.host), "currently_attached": row.attached}
        if row in db.pbds:
            yield _make(n, Pbd, str(place), sr=_name(n, Sr, row.of), **known)
        else:
            network = _name(n, Network, row.of)
            addresses = {"ip": row.ip, "ipv6": row.ipv6, "network": network}
            bond = {"vlan": row.vlan, "bond_slave_of": row.bond}
            yield _make(n, Pif, str(place), **known, **addresses, **bond)


def _database(n: int, db: Db) -> XapiDatabase:
    return XapiDatabase(
        source=Source(bundle=f"bundle{n}", member="xapi-db.xml"),
        generation=1,
        schema_minor=775,
        live=False,
        complete=db.complete,
        tables=TABLES if db.complete else frozenset(),
        objects=tuple(_rows(n, db)),
    )


def pairs_of(info: NbdInfo) -> frozenset[tuple[str, str]]:
    return frozenset((each.host.uuid.split("-")[2], each.address) for each in info.endpoints)


DEAD = Db(
    purposes={"lan": (), "nbd": ("nbd",), "plain": None},
    live={"a": True, "b": False, "c": None},
    pbds=(Row("a", "shared", attached=True), Row("b", "shared", attached=True)),
    pifs=(
        Row("a", "nbd", attached=True, ip="192.0.2.11", vlan=40),
        Row("b", "nbd", attached=True, ipv6=("2001:db8::1/64",)),
    ),
    master="a",
    gone=frozenset(),
    complete=True,
)


@settings(max_examples=examples(200), deadline=None)
@given(dbs=st.lists(databases, min_size=1, max_size=2))
@example(dbs=[DEAD, DEAD])
def test_prediction_agrees_with_the_steps_of_xapi(dbs: list[Db]) -> None:
    case = case_of(*dbs)
    for n, db in enumerate(dbs):
        for sr in SRS:
            info = nbd_info(case, f"{n}-vdi-{sr}")
            assert (info.answer, pairs_of(info)) == model(db, sr)


@settings(max_examples=examples(80), deadline=None)
@given(db=databases)
def test_prediction_says_why_and_what_to_do_whenever_it_is_no_yes(db: Db) -> None:
    case = case_of(db)
    for info in (nbd_info(case, "0-vdi-shared"), *nbd_infos(case).values()):
        assert info.because
        assert (info.answer is Answer.OK) == (not info.mend)
        assert info.stopped_at is None or info.answer is Answer.FAILS


@settings(max_examples=examples(80), deadline=None)
@given(db=databases)
def test_every_endpoint_quotes_its_rows_and_every_ipv6_one_warns(db: Db) -> None:
    for info in nbd_infos(case_of(db)).values():
        for each in info.endpoints:
            assert each.evidence
            assert ":" not in each.address or any("IPv4 only" in w.what for w in each.warnings)
