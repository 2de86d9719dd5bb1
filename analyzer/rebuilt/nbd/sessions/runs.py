"""The lives of the xapi-nbd processes of one host, from its own lines and those of systemd.

systemd's lines carry no pid of xapi-nbd: they are about the process that ran last. The unit has
``Restart=on-failure`` (xen-api `scripts/xapi-nbd.service`), so a crash is followed by a start.
"""

from collections.abc import Mapping
from dataclasses import field
from datetime import timedelta
from types import MappingProxyType

from analyzer.model.event import Event
from analyzer.model.nbd import ServerRun
from analyzer.rebuilt.nbd.sessions.lines import (
    EXCEPTION,
    EXITED,
    FAILED,
    KILLED,
    LIMIT,
    LISTENING,
    SERVER_KINDS,
    SIGNAL,
    STARTED,
    STARTING,
    STOPPED,
    STOPPING,
)
from analyzer.values import dataclass

_SYSTEMD = "systemd"
_SIGTERM = "15"
# systemd lets a service take 90 seconds to stop.
_STOP_TAKES = timedelta(seconds=120)
# systemd's note of a start and the first line of the process, in either order
_ONE_START = timedelta(seconds=5)
# the lines about one end
_ONE_END = timedelta(seconds=120)
# Which field of a run a line fills.
_SAYS: Mapping[str, str] = MappingProxyType(
    {
        STARTED: "started",
        LISTENING: "listening",
        SIGNAL: "signal",
        EXCEPTION: "exception",
        STOPPING: "stop",
        STOPPED: "stopped",
        EXITED: "exited",
        FAILED: "failed",
        KILLED: "killed",
        LIMIT: "limit",
    }
)


@dataclass(slots=True, kw_only=True, eq=False)
class Run:
    """A life of the process while it is put together; ``lines`` are those about clients."""

    pid: int | None = None
    begun: Event
    started: Event | None = None
    listening: Event | None = None
    stop: Event | None = None
    signal: Event | None = None
    exception: Event | None = None
    exited: Event | None = None
    failed: Event | None = None
    stopped: Event | None = None
    killed: Event | None = None
    limit: Event | None = None
    boot: Event | None = None
    last: Event | None = None
    events: list[Event] = field(default_factory=list)
    lines: list[Event] = field(default_factory=list)

    @property
    def ended(self) -> Event | None:
        """Return the line that shows its end, the surest there is."""
        ends = (self.exited, self.failed, self.stopped, self.exception, self.boot, self.signal)
        return next((event for event in ends if event is not None), None)

    @property
    def over(self) -> bool:
        """Tell whether the process is certainly gone; a signal alone only begins its end."""
        return self.ended is not None and self.ended is not self.signal

    @property
    def crashed(self) -> bool | None:
        """Tell whether it ended by itself; None where no line says how it ended."""
        bad = self.exception or self.exited or self.failed or self.killed or self.limit
        if bad is None:
            return False if self.stop is not None else None
        if self.stop is None:
            return True
        return bad.moment.at - self.stop.moment.at > _STOP_TAKES


class Runs:
    """Take a host's events in order; ``runs`` are the lives so far, the oldest first."""

    def __init__(self) -> None:
        self.runs: list[Run] = []
        self._by_pid: dict[int | None, Run] = {}

    def take(self, event: Event) -> Run:
        """Add an event to the life it belongs to, and return that."""
        if event.process == _SYSTEMD:
            run = self._of_systemd(event)
        else:
            process_run = self._by_pid.get(event.pid)
            if (
                process_run is None
                or process_run.over
                or (event.kind == STARTED and process_run.started is not None)
            ):
                waiting = self.runs[-1] if self.runs else None
                fits = waiting is not None and waiting.pid is None and not waiting.over
                process_run = waiting if waiting is not None and fits else self._new_run(event)
                process_run.pid = event.pid
                self._by_pid[event.pid] = process_run
            run = process_run
            run.last = event
        # Set what an event says of a run; of several lines that say the same the first counts.
        name = _SAYS.get(event.kind)
        if event.kind in SERVER_KINDS:
            run.events.append(event)
        else:
            run.lines.append(event)
        if event.kind == EXITED and event.fields["status"].split("/")[0] == "0":
            name = "stopped"
        if name is not None and getattr(run, name) is None:
            setattr(run, name, event)
        if event.kind == SIGNAL and run.stop is None:
            run.stop = event
        if event.kind == EXITED and run.killed is None and _was_killed(event, run):
            run.killed = event
        return run

    def booted(self, event: Event) -> None:
        """Note that the host booted: what ran is gone."""
        if self.runs and not self.runs[-1].over:
            self.runs[-1].boot = event

    def _of_systemd(self, event: Event) -> Run:
        if not self.runs:
            return self._new_run(event)
        run = self.runs[-1]
        if event.kind == STARTING:
            waiting = run.pid is None and not run.over and run.stop is None
            own = run.started if not run.over and run.stop is None else None
            near = own is not None and event.moment.at - own.moment.at <= _ONE_START
            return run if waiting or near else self._new_run(event)
        if run.over and run.ended and event.moment.at - run.ended.moment.at > _ONE_END:
            return self._new_run(event)
        return run

    def _new_run(self, event: Event) -> Run:
        run = Run(begun=event)
        self.runs.append(run)
        return run


def _was_killed(event: Event, run: Run) -> bool:
    """Tell whether a signal ended it, other than the one that tells it to stop."""
    told = run.stop is not None and event.fields["status"].split("/")[0] == _SIGTERM
    return event.fields["how"] != "exited" and not told


def server_run(run: Run, host: str) -> ServerRun:
    """Return a life as others see it."""
    return ServerRun(
        host=host,
        bundle=run.begun.source.bundle,
        pid=run.pid,
        started=run.started,
        listening=run.listening,
        ended=run.ended,
        crashed=run.crashed,
        events=tuple(run.events),
        stop=run.signal or run.stop,
        exception=run.exception,
        failed=run.failed or run.exited,
        killed=run.killed,
        limit=run.limit,
        last=run.last,
    )
