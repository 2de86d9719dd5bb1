"""Read what a host knows of itself: etc/xensource-inventory and etc/xensource/pool.conf.

Writers: the installer and xapi (``ocaml/inventory/inventory.ml``: ``KEY='value'`` lines), and
xapi (``ocaml/xapi/pool_role.ml``: ``master``, ``slave:<address>`` or ``broken``, without a line
feed). Neither has times. Of a ``pool.conf`` whose end is damaged the address is not used; numbers
that are no whole address are what is left of one.
"""

import re
from collections.abc import Iterator
from ipaddress import ip_address

from analyzer.bundle.member import Member
from analyzer.model.host import HostInventory, PoolMembership, Role
from analyzer.model.report import CUT_SHORT, ParseProblem
from analyzer.parsers._api import Fact
from analyzer.parsers._text import read_text
from analyzer.values import dataclass

_SETTING = re.compile(r"\s*(?:export\s+)?([A-Z][A-Z0-9_]*)=(?:'([^']*)'|\"([^\"]*)\")\s*")
_BARE = re.compile(r"\s*(?:export\s+)?([A-Z][A-Z0-9_]*)=([^'\"\s]*)\s*")
_NAME = re.compile(r"[0-9A-Za-z._-]{1,255}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """The parser of ``etc/xensource-inventory``."""

    name: str = "xensource_inventory"

    def claims(self, path: str, head: bytes) -> bool:  # noqa: ARG002 (its name is enough)
        """Tell whether the file is named so."""
        return path.rpartition("/")[2] == "xensource-inventory"

    def read(self, member: Member, limit: int) -> Iterator[Fact]:
        """Yield the inventory, then the first line that is no setting."""
        text = read_text(member, limit)
        settings: dict[str, str] = {}
        strange: list[int] = []
        for index, line in enumerate(text.lines):
            cut = text.open_line and index == len(text.lines) - 1
            quoted = _SETTING.fullmatch(line)
            if quoted:
                setting: tuple[str, str] | None = (
                    quoted[1],
                    quoted[2] if quoted[2] is not None else quoted[3],
                )
            else:
                bare = None if cut else _BARE.fullmatch(line)
                setting = (bare[1], bare[2]) if bare else None
            if setting:
                settings[setting[0]] = setting[1]
            elif line.strip() and not line.lstrip().startswith("#"):
                strange.append(index)
        yield HostInventory(
            source=text.source,
            host_uuid=settings.get("INSTALLATION_UUID") or None,
            control_domain_uuid=settings.get("CONTROL_DOMAIN_UUID") or None,
            product_brand=settings.get("PRODUCT_BRAND") or None,
            product_version=settings.get("PRODUCT_VERSION") or None,
            build_number=settings.get("BUILD_NUMBER") or None,
        )
        for index in strange[:1]:
            what = f"{CUT_SHORT}no setting of the inventory"  # xapi writes nothing else
            yield ParseProblem(source=text.at(index), what=what)
        if text.open_line and not strange:  # each line of xapi's has its end
            yield ParseProblem(source=text.source, what=f"{CUT_SHORT}its last line has no end")


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolConf:
    """The parser of ``etc/xensource/pool.conf``."""

    name: str = "pool_conf"

    def claims(self, path: str, head: bytes) -> bool:  # noqa: ARG002 (its name is enough)
        """Tell whether the file is named so."""
        return path == "pool.conf" or path.endswith("xensource/pool.conf")

    def read(self, member: Member, limit: int) -> Iterator[Fact]:
        """Yield the host's role, and a problem when the file does not tell it."""
        text = read_text(member, limit)
        content = " ".join(line.strip() for line in text.lines).strip()
        kind, _, role_address = content.partition(":")
        match kind:
            case "master":
                role_of_content: tuple[Role, str | None] = Role.MASTER, None
            case "slave":
                good = _is_address(role_address.strip())
                role_of_content = Role.SUPPORTER, role_address.strip() if good else None
            case _:
                role_of_content = Role.UNKNOWN, None
        role, address = role_of_content
        whole = not member.damage
        yield PoolMembership(
            source=text.source,
            role=role,
            master_address=address if whole else None,
        )
        if role is Role.UNKNOWN:
            what = f"{CUT_SHORT}it names no role of a host in a pool"
            yield ParseProblem(source=text.source, what=what)
        elif role is Role.SUPPORTER and address is None:
            what = f"{CUT_SHORT}it names no whole address of the master"
            yield ParseProblem(source=text.source, what=what)


INVENTORY = Inventory()
POOL_CONF = PoolConf()


def _is_address(text: str) -> bool:
    """Tell whether a text is an address or a name; what is neither is the piece of an address."""
    if ":" not in text and not text.replace(".", "").isdecimal():
        return _NAME.fullmatch(text) is not None
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
