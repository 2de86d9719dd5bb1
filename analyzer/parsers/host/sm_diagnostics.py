"""Read sm_diagnostics.out: which disks xapi's storage layer holds attached, and for whom.

Writer: ``xe host-get-sm-diagnostics`` by the script sm_diagnostics (xen-api scripts/), run by the
xapi plugin of xen-bugtool; the text is `diagnostics` in ocaml/xapi/storage_smapiv1_wrapper.ml. A
datapath ``vbd/<domid>/<device>`` with the domain 0 is dom0's own, as of xapi-nbd. No times. The
states are those of ocaml/xapi-idl/storage/vdi_automaton.ml, which pads "attached" with a blank.

True lines: ``        DP: vbd/0/xvda: activated RO  ** LEAKED`` and
``        DP: vbd/7/xvdb: attached  RW``.

Not read: the device, and the last storage errors after the list.
"""

import re
from collections.abc import Iterator

from analyzer.bundle.member import Member
from analyzer.model.host import Datapath, SmDiagnostics
from analyzer.model.terms import UUID
from analyzer.parsers._api import Fact
from analyzer.parsers._text import read_text
from analyzer.values import dataclass

_TITLE = "The following SRs are attached:"
_SR = re.compile(rf"\s+SR ({UUID})")
_VDI = re.compile(rf"\s+VDI ({UUID})")
_DATAPATH = re.compile(r"\s+DP: (\S{1,200}): (attached|activated) {1,2}(RO|RW)(  \*\* LEAKED)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnostics:
    """The parser."""

    name: str = "sm_diagnostics"

    def claims(self, path: str, head: bytes) -> bool:  # noqa: ARG002 (its name is enough)
        """Tell whether the file is named so."""
        return path.rpartition("/")[2] == "sm_diagnostics.out"

    def read(self, member: Member, limit: int) -> Iterator[Fact]:
        """Yield the datapaths; the file is whole once what follows the list was read."""
        text = read_text(member, limit)
        lines = [line for _, line in text.closed()]
        ended = any("errors have been logged" in line for line in lines)
        datapaths_listed: list[Datapath] = []
        sr = vdi = ""
        for index, datapaths_line in text.closed():
            if found := _SR.fullmatch(datapaths_line):
                sr, vdi = found[1], ""
            elif found := _VDI.fullmatch(datapaths_line):
                vdi = found[1]
            elif vdi and (found := _DATAPATH.fullmatch(datapaths_line)):
                datapaths_listed.append(
                    Datapath(
                        source=text.at(index),
                        text=datapaths_line.strip(),
                        sr=sr,
                        vdi=vdi,
                        name=found[1],
                        active=found[2] == "activated",
                        mode=found[3],
                        leaked=found[4] is not None,
                    )
                )
        yield SmDiagnostics(
            source=text.source,
            complete=text.whole and ended and _TITLE in lines,
            datapaths=tuple(datapaths_listed),
        )


PARSER = Diagnostics()
