"""Read ``patterns/causes.yaml``: what may explain what, how the two are joined, and in what words.

::

    incidents:               # several kinds of incidents that one name stands for
      <name>: [<kind>, …]           kinds as `IncidentKind` names them: host-crashed, sr-outage, …
    edges:                   # of several that fit an effect the nearest leads to its root
      - cause: <rule, kind of incident, or name from above>, or a list of them
        effect: <rule, or kind of incident>, or a list of them
        join: vdi | disk | disks | replaced | sr | host | pool | any | storage | session |
              interrupted
        within: 24h
        cause-says: '…'               only a cause whose title has these words
        effect-says: '…'              only an effect whose title has these words
        master: true                  only an incident of a pool's master
        lasting: true                 only an incident whose end was not seen
        between: true                 only where the disks of the effect were taken before and after
        unless: [<selector>, …]       one of these between cause and effect, of the same disk
                                      or (without a disk) the same pool, refutes it
        sentence: '{cause}, {order} {effect}: …'
        next: '…'                     what to do next, where it fits all effects together
    unknown:                 # what to add to a finding that nothing explains
      <rule>: 'what … is not known'

`disk` is the one live disk that the effect's disks are, or are snapshots of; `disks` are several,
each of which has such a cause. `replaced` are two, the disk that the cause made and the one that
it made it of. `storage` is the same host and the same SR, while the trouble lasts;
`session` is the tapdisk that had the disk's CBT log open, see `analyzer.causes.sessions`;
`interrupted` is a host that went down within that time after the effect's last line on it.
"""

from datetime import timedelta
from enum import StrEnum
from functools import cache
from importlib import import_module
from importlib.resources.abc import Traversable

from analyzer.compiled_table import compiled
from analyzer.model.code import code
from analyzer.model.incident import IncidentKind
from analyzer.resources import folder
from analyzer.values import dataclass

NAME = "causes.yaml"
INCIDENTS = frozenset(code(kind) for kind in IncidentKind)
_CODE = ("causes/edges.py", "causes/edges_file.py", "yaml_file.py", "model/incident.py")


class Join(StrEnum):
    """What a cause and its effect must have in common."""

    VDI = "vdi"
    DISK = "disk"
    DISKS = "disks"
    REPLACED = "replaced"
    SR = "sr"
    HOST = "host"
    POOL = "pool"
    ANY = "any"
    STORAGE = "storage"
    SESSION = "session"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """One thing may explain another."""

    cause: str
    effect: str
    join: Join
    within: timedelta
    sentence: str
    unless: tuple[str, ...] = ()
    next: str = ""
    cause_says: str = ""
    effect_says: str = ""
    master: bool = False
    lasting: bool = False
    between: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Edges:
    """All edges, in the order of the file; a list of causes or effects is several edges."""

    edges: tuple[Edge, ...]
    unknown: tuple[tuple[str, str], ...] = ()


def load_edges(file: Traversable | None = None) -> Edges:
    """Load the shipped edges, or those of `file`.

    Raises:
        CatalogueError: the file is not as it should be; the text names every fault by its line.
    """
    return _read_edges_of(file.read_bytes()) if file else _shipped_edges()


@cache  # what was installed stays as it is while we run
def _shipped_edges() -> Edges:
    content = (folder("patterns") / NAME).read_bytes()
    return compiled("causes", Edges, (content,), _CODE, lambda: _read_edges_of(content))


def _read_edges_of(content: bytes) -> Edges:
    reader = import_module("analyzer.causes.edges_file")  # pydantic: only where it is asked for
    edges: Edges = reader.read_edges(content)
    return edges
