"""What a pattern asks of the state: of the host, the SR and the packages behind its lines."""

from collections.abc import Iterator, Sequence

from analyzer.case.case import Case, HostReport
from analyzer.model.event import Event
from analyzer.model.finding import Evidence, Gap
from analyzer.model.host import Role
from analyzer.model.rpm import Package, compare, parse_package, parse_version
from analyzer.model.sentence import say
from analyzer.rules.pattern import CbtUse, Pattern, When

_XCP_NG = ".xcpng"


def state_holds(when: When, events: Sequence[Event], case: Case) -> bool | Gap:
    """Tell whether the state is the one in which lines are a finding; a gap: it is not known.

    The host is that of the last line.
    """
    if when == When():
        return True
    last = events[-1]
    report = case.world.report(last.source.bundle)
    unknown: Gap | None = None
    for answer in _answers_of_when(when, events, report, case):
        if answer is False:
            return False
        unknown = unknown or (answer if isinstance(answer, Gap) else None)
    return unknown or True


def _answers_of_when(
    when: When, events: Sequence[Event], report: HostReport | None, case: Case
) -> Iterator[bool | Gap]:
    host = events[-1].host
    if when.role is not None:
        known = report is not None and report.role is not Role.UNKNOWN
        yield (
            report.role is when.role
            if report and known
            else _gap_of_need("pool_conf", host, "its role")
        )
    if when.sr_types:
        yield _of_sr_type(when.sr_types, events, case)
    if when.release is not None:
        inventory = report.inventory if report else None
        version = inventory.product_version if inventory else None
        told = when.release.holds(parse_version(version)) if version else None
        yield _gap_of_need("xensource_inventory", host, "its release") if told is None else told
    if when.package is not None:
        wanted = when.package
        installed = packages_named(report, wanted.package)
        if not installed:
            of_package: bool | Gap = _gap_of_need(
                "packages", host, f"which {wanted.package} it has"
            )
        else:
            of_package = any(wanted.holds(package.version) for _, package in installed)
        yield of_package
    if when.cbt is not None:
        used = [pool.cbt_in_use for pool in case.pools]
        if not used or (None in used and True not in used):
            of_cbt: bool | Gap = _gap_of_need("xapi_db", host, "whether CBT is in use")
        else:
            of_cbt = (True in used) is (when.cbt is CbtUse.IN_USE)
        yield of_cbt


def _of_sr_type(wanted: Sequence[str], events: Sequence[Event], case: Case) -> bool | Gap:
    for event in reversed(events):
        sr = case.world.sr(event.fields.get("sr"))
        vdi = case.world.vdi(event.fields.get("vdi"))
        sr = sr or (case.world.sr_of(vdi) if vdi else None)
        if sr is not None:
            return sr.type in wanted
    return _gap_of_need("xapi_db", events[-1].host, "the type of the SR that the lines name")


def _gap_of_need(need: str, host: str, what: str) -> Gap:
    return Gap(
        need=need, host=host, why=f"{what} is not known", settle_with="xen-bugtool --yestoall"
    )


def packages_named(report: HostReport | None, name: str) -> tuple[tuple[str, Package], ...]:
    """Return (line, package) of the packages of a name; more than one while updating."""
    lines = report.packages.names if report and report.packages else ()
    found = ((line, parse_package(line)) for line in lines if line.startswith(f"{name}-"))
    return tuple((line, package) for line, package in found if package and package.name == name)


def mended_in(
    pattern: Pattern, events: Sequence[Event], case: Case
) -> tuple[str, tuple[Evidence, ...]]:
    """Say which version mends it and which one the host of the last line has, with its line."""
    report = case.world.report(events[-1].source.bundle)
    said, quoted = [], []
    for each in pattern.mended:
        # The packages that a vendor built: only XCP-ng's tell whose they are.
        vendor_installed = packages_named(report, each.package)
        if not each.vendor:
            installed: Sequence[tuple[str, Package]] = vendor_installed
        else:
            own = each.vendor == "xcp-ng"
            installed = [
                (line, package) for line, package in vendor_installed if (_XCP_NG in line) is own
            ]
        host = events[-1].host
        named = f"{each.package} {each.version}"
        of_vendor = f" of {each.vendor}" if each.vendor else ""
        if not installed:
            mended_words = say(" A known defect, mended in {named}{of}.", named=named, of=of_vendor)
        else:
            mended_own = installed[0][1].version
            older = compare(mended_own, each.version) < 0
            words = "is older" if older else "has that already, so that it must be something else"
            mended_words = say(
                " A known defect is mended in {named}{of}; {host} has {own}, which {words}.",
                named=named,
                of=of_vendor,
                host=host,
                own=str(mended_own),
                words=words,
            )
        said.append(mended_words)
        if installed and report and report.packages:
            quoted.append(Evidence(source=report.packages.source, text=installed[0][0]))
    return "".join(said), tuple(dict.fromkeys(quoted))
