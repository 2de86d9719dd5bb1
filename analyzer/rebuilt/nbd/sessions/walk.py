"""The connections of one life of xapi-nbd, told apart as far as its lines allow.

A connection writes, in this order (xen-api `ocaml/nbd/src/main.ml`, `cleanup.ml`; nbd library,
`server.ml`): "Got new client", "Found control domain UUID" once session and disk were accepted,
"Plugging VBD", "Serving new client", "Received NBD_CMD_DISC", "Unplugging VBD", "Destroying VBD",
and, only if it failed anywhere, at its very end "Caught exception while handling client". Only the
three lines about the VBD name it. Sixteen connections at a time write between each other, so what
has no name is given to the connection that has waited longest, and called likely where several
would do. A VBD that is destroyed and was not unplugged was never plugged: the plug failed.
"""

from collections import deque
from collections.abc import Iterable
from datetime import timedelta

from analyzer.model.event import Event
from analyzer.model.finding import Confidence
from analyzer.model.nbd import ClientTrouble
from analyzer.rebuilt.nbd.sessions.lines import (
    ACCEPTED,
    CLIENT,
    GOODBYE,
    OF_VBDS,
    PLUGGING,
    SERVING,
    UNPLUGGING,
    caught_by,
)
from analyzer.rebuilt.nbd.sessions.queue import Connection, Queue

# Before VBD.destroy xapi-nbd tries for up to five minutes to log in (consts.ml).
_LEAVING = timedelta(seconds=330)
_MOST_WAITING = 64  # four times the connections that a server takes
_MOST_REPEATED = 1000
# Kinds that only a connection without a VBD ends by.
_BEFORE = frozenset(
    {
        ClientTrouble.PURPOSES_MIXED,
        ClientTrouble.NO_PURPOSE,
        ClientTrouble.PLAIN_ON_TLS,
        ClientTrouble.TLS_HANDSHAKE,
        ClientTrouble.CLIENT_ABORT,
        ClientTrouble.NO_SESSION,
        ClientTrouble.VDI_GONE,
    }
)
# Kinds that come before a VBD as a rule: the session is looked at first.
_EARLY = _BEFORE | {ClientTrouble.SESSION_INVALID, ClientTrouble.XAPI_DOWN}
# Kinds that only a connection whose disk was plugged ends by.
_AFTER = frozenset({ClientTrouble.STORAGE, ClientTrouble.DEVICE_MISSING})


class Walk:
    """Take the lines of one process in order; ``connections`` are all that were seen."""

    def __init__(self) -> None:
        self.connections: list[Connection] = []
        self._fresh = Queue()  # a client came
        self._accepted = Queue()  # its session and disk were accepted
        self._plugged: dict[str, Connection] = {}
        self._served: set[str] = set()  # VBDs that are plugged, or about to be
        # plugged, not yet seen to be served
        self._mute: deque[Connection] = deque(maxlen=_MOST_WAITING)
        # VBD destroyed; an exception may follow
        self._gone: deque[Connection] = deque(maxlen=_MOST_WAITING)
        self._goodbyes: deque[Event] = deque(maxlen=_MOST_WAITING)

    def take(self, event: Event) -> None:
        """Add a line, as often as syslog says that it was repeated."""
        for _ in range(min(event.count, _MOST_REPEATED)):
            self._take_line(event)

    def _take_line(self, event: Event) -> None:
        if event.kind == CLIENT:
            self._fresh.add(self._new_connection(event, client=event))
        elif event.kind == ACCEPTED:
            connection = self._fresh.oldest(event)
            if connection is None:
                connection = self._new_connection(event)
            else:
                connection.events.append(event)
            self._accepted.add(connection)
        elif event.kind in OF_VBDS:
            self._of_vbd(event)
        elif event.kind == SERVING:
            waiting = [each for each in self._mute if not each.closed and each.unplugging is None]
            if waiting:
                waiting[0].serving = event
                if len(waiting) == 1:
                    waiting[0].events.append(event)
            self._mute = deque(waiting[1:], _MOST_WAITING)
        elif event.kind == GOODBYE:
            self._goodbyes.append(event)
        else:
            caught = caught_by(event.message)
            catch_connection = self._ended_by(caught.trouble, event)
            if catch_connection is None:
                catch_connection = self._new_connection(event)
            else:
                catch_connection.events.append(event)
            catch_connection.caught, catch_connection.exception = event, caught

    def _new_connection(self, event: Event, *, client: Event | None = None) -> Connection:
        connection = Connection(events=[event], client=client)
        self.connections.append(connection)
        return connection

    def _of_vbd(self, event: Event) -> None:
        vbd = event.fields["vbd"]
        if event.kind == PLUGGING:
            plug_connection = self._accepted.oldest(event) or self._fresh.oldest(event)
            if plug_connection is None:
                plug_connection = self._new_connection(event)
            else:
                plug_connection.events.append(event)
            plug_connection.vbd, plug_connection.plugging = vbd, event
            self._plugged[vbd] = plug_connection
            self._served.add(vbd)
            self._mute.append(plug_connection)
        elif event.kind == UNPLUGGING:
            # Note the unplug: the client that just took its leave is this one, if any did.
            unplug_connection = self._connection_of_vbd(event, vbd)
            unplug_connection.unplugging = event
            self._served.discard(event.fields["vbd"])
            if self._goodbyes:
                unplug_connection.goodbye = self._goodbyes.popleft()
                if not self._served and not self._goodbyes:  # else another may have said it
                    unplug_connection.events.insert(-1, unplug_connection.goodbye)
        else:
            connection = self._connection_of_vbd(event, vbd)
            connection.destroying = event
            self._plugged.pop(vbd, None)
            self._served.discard(vbd)
            self._gone.append(connection)

    def _connection_of_vbd(self, event: Event, vbd: str) -> Connection:
        """Return the connection of a VBD, a new one if its beginning was not seen."""
        connection = self._plugged.get(vbd)
        if connection is None:
            connection = self._new_connection(event)
            connection.vbd = vbd
            self._plugged[vbd] = connection
        else:
            connection.events.append(event)
        return connection

    def _ended_by(self, trouble: ClientTrouble, event: Event) -> Connection | None:
        """Return the connection that an exception ended, None if its beginning was not seen."""
        if trouble is ClientTrouble.SERVER_BUSY:
            return self._fresh.newest()
        if trouble in _EARLY:
            return self._ended_early(event) or (
                None if trouble in _BEFORE else self._ended_late(event)
            )
        if trouble is ClientTrouble.VBD_REFUSED:
            refused = self._ended_late(event, plugged=False) or self._accepted.oldest(event)
            return refused or self._ended_late(event) or self._fresh.oldest(event)
        # Who ended by what may happen at any time: first one that left without a word.
        waiting = bool(self._fresh or self._accepted)
        late = self._ended_late(event, plugged=True)
        if late is not None or trouble in _AFTER:
            if late is not None and waiting and trouble not in _AFTER:
                late.doubt(Confidence.POSSIBLE)
            return late
        early = self._ended_early(event)
        doubted = next(filter(_perhaps_left, self._gone), None)
        if early is not None and doubted is not None:
            early.doubt(Confidence.POSSIBLE)
        if early is not None or doubted is None:
            return early
        self._gone.remove(doubted)  # the leave was another's
        doubted.doubt(Confidence.LIKELY)
        return doubted

    def _ended_early(self, event: Event) -> Connection | None:
        return self._fresh.oldest(event) or self._accepted.oldest(event)

    def _ended_late(self, event: Event, *, plugged: bool | None = None) -> Connection | None:
        """Take a connection whose VBD was just destroyed; ``plugged``: only such a one.

        One whose client took its leave ends by nothing but a failure of the unplug.
        """
        while self._gone and _time_apart(self._gone[0], event) > _LEAVING:
            self._gone.popleft()
        fit = [each for each in self._gone if _took_its_leave(each, plugged=plugged)]
        if not fit:
            return None
        if len(fit) > 1:
            for each in fit:
                each.doubt(Confidence.LIKELY)
        self._gone.remove(fit[0])
        return fit[0]


def _took_its_leave(connection: Connection, *, plugged: bool | None) -> bool:
    if plugged is None:
        return True
    if not plugged:
        return connection.unplugging is None
    return connection.unplugging is not None and connection.goodbye is None


def _perhaps_left(connection: Connection) -> bool:
    """Tell whether the leave that it took may have been another's."""
    return connection.goodbye is not None and connection.goodbye not in connection.events


def _time_apart(connection: Connection, event: Event) -> timedelta:
    assert connection.destroying is not None
    return event.moment.at - connection.destroying.moment.at


def walked(lines: Iterable[Event]) -> list[Connection]:
    """Return the connections that the lines of one process show, in order of their first."""
    walk = Walk()
    for event in lines:
        walk.take(event)
    return walk.connections
