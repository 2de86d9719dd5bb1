"""A connection of xapi-nbd while it is put together, and those that wait for their next line."""

from collections import deque
from dataclasses import field
from datetime import timedelta

from analyzer.model.event import Event
from analyzer.model.finding import Confidence
from analyzer.rebuilt.nbd.sessions.lines import Caught
from analyzer.values import dataclass

# A client that says nothing for longer hangs; a login and a handshake take a second or two.
_HANGS = timedelta(seconds=60)


@dataclass(slots=True, kw_only=True, eq=False)
class Connection:
    """A connection while it is put together."""

    events: list[Event] = field(default_factory=list)
    joined: Confidence = Confidence.CERTAIN
    client: Event | None = None
    vbd: str | None = None
    plugging: Event | None = None
    serving: Event | None = None
    goodbye: Event | None = None
    unplugging: Event | None = None
    destroying: Event | None = None
    caught: Event | None = None
    exception: Caught | None = None

    def doubt(self, confidence: Confidence) -> None:
        """Say that what was joined last may belong to another."""
        order = list(Confidence)
        self.joined = max(self.joined, confidence, key=order.index)

    @property
    def closed(self) -> bool:
        """Tell whether it is gone, as far as its lines say."""
        return self.destroying is not None or self.caught is not None


class Queue:
    """Connections that wait for their next line, those that came first in front.

    Where one of several is taken, none of those that waited with it is sure any more. One that
    has waited for long hangs: it is taken only when no other waits.
    """

    def __init__(self) -> None:
        self._waiting: deque[Connection] = deque()
        self._hanging: deque[Connection] = deque()
        self._doubted = 0  # so many of those in front

    def __len__(self) -> int:
        return len(self._waiting) + len(self._hanging)

    def add(self, connection: Connection) -> None:
        """Let a connection wait behind the others."""
        self._waiting.append(connection)

    def oldest(self, now: Event) -> Connection | None:
        """Take the one that waited longest without hanging, None if none waits."""
        while self._waiting and now.moment.at - self._waiting[0].events[-1].moment.at > _HANGS:
            self._hanging.append(self._waiting.popleft())
            self._doubted = max(self._doubted - 1, 0)
        if len(self) > 1:
            self._doubted = len(self._waiting)
        queue = self._waiting or self._hanging
        if not queue:
            return None
        sure = len(self) == 1 and not self._doubted
        found = queue.popleft()
        self._doubted = max(self._doubted - 1, 0)
        if not sure:
            found.doubt(Confidence.LIKELY)
        return found

    def newest(self) -> Connection | None:
        """Take the one that came last: what follows a line at once belongs to it."""
        queue = self._waiting or self._hanging
        found = queue.pop() if queue else None
        self._doubted = min(self._doubted, len(self._waiting))
        return found
