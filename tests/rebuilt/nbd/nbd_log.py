"""Lines of xapi-nbd and systemd for tests: a small log that knows its clock and its pid."""

from datetime import UTC, datetime
from typing import Self

from analyzer.case.case import Case
from analyzer.case.events import EventTableBuilder
from analyzer.model.moment import Moment
from analyzer.parsers import LOG_PARSERS
from analyzer.parsers._api import Stamp
from analyzer.parsers.scan.scan import Scanner
from tests.checks.support import CATALOGUE, CaseBuilder

_SCANNER = Scanner(
    LOG_PARSERS, [each for each in CATALOGUE.selectors if each.id.startswith("nbd-")]
)
UNIT = "NBD server that exposes XenServer disks"
LOGIN = "Will try to log in via xapi's Unix domain socket for 300.000000 seconds"


def ref(number: int) -> str:
    """Return the reference of VBD `number`."""
    return f"OpaqueRef:3f0b7c9e-52d4-4e0a-9a44-{number:012x}"


def uuid(number: int) -> str:
    """Return the uuid of VBD `number`."""
    return f"c7f1b2a9-3e4d-4a5b-9c6d-{number:012x}"


class NbdLog:
    """Lines of daemon.log of 10 June 2024; every method that adds returns the log."""

    def __init__(self, pid: int = 1234, start: str = "10:00:00") -> None:
        self.lines: list[str] = []
        self._pid = pid
        self.at(start)

    @property
    def text(self) -> str:
        """Return the lines as `CaseBuilder.daemon_log` takes them."""
        return "\n".join(self.lines)

    def at(self, time: str) -> Self:
        """Set the clock."""
        hour, minute, second = map(int, time.split(":"))
        self._second = 3600 * hour + 60 * minute + second
        return self

    def wait(self, seconds: int) -> Self:
        """Let time pass."""
        self._second += seconds
        return self

    def process(self, pid: int) -> Self:
        """Go on as another process."""
        self._pid = pid
        return self

    def say(self, text: str, section: str = "main") -> Self:
        """Add a line of xapi-nbd."""
        return self._line(f"xapi-nbd[{self._pid}]: {section}: {text}")

    def systemd(self, text: str) -> Self:
        """Add a line of systemd."""
        return self._line(f"systemd[1]: {text}")

    def start(self, *cleaned: str) -> Self:
        """Add a healthy start that cleans up these VBDs."""
        self.systemd(f"Started {UNIT}.")
        self.say("Starting xapi-nbd: port = '10809'; certfile = '/etc/xensource/xapi-ssl.pem'")
        self.say("Checking if there are any VBDs to clean up that leaked during the previous run")
        for each in cleaned:
            self.say(f"Cleaning up VBD with UUID {each}")
        return self.say("Initialising TLS").say("Listening for incoming connections")

    def signal(self, *cleaned: str) -> Self:
        """Add a signal to stop, and the clean-up of these VBDs."""
        self.systemd(f"Stopping {UNIT}...").say("Caught signal SIGTERM, cleaning up")
        self.say("Checking if there are any VBDs to clean up that leaked during runtime")
        for each in cleaned:
            self.say(f"Cleaning up VBD with ref {each}")
        return self

    def stopped(self) -> Self:
        """Add systemd's line about the end of a stop."""
        return self.systemd(f"Stopped {UNIT}.")

    def client(self) -> Self:
        """Add a client that connects."""
        return self.say("Got new client").say(LOGIN)

    def accepted(self) -> Self:
        """Add that a client's session and disk are good."""
        self.say("Looking up control domain UUID in xensource inventory")
        return self.say("Found control domain UUID")

    def plug(self, number: int) -> Self:
        """Add the plug of VBD `number`."""
        return self.say(f"Plugging VBD {ref(number)}")

    def serve(self) -> Self:
        """Add that a client is served."""
        return self.say("Serving new client, read_only = true", "Server.serve")

    def open(self, number: int) -> Self:
        """Add all of a connection up to its first read."""
        return self.client().accepted().plug(number).serve()

    def goodbye(self) -> Self:
        """Add the end of a client that takes its leave."""
        return self.say("Received NBD_CMD_DISC, disconnecting", "Server.serve")

    def unplug(self, number: int) -> Self:
        """Add the unplug of VBD `number`."""
        return self.say(f"Unplugging VBD {ref(number)}")

    def destroy(self, number: int) -> Self:
        """Add the destruction of VBD `number`."""
        return self.say(f"Destroying VBD {ref(number)}")

    def close(self, number: int) -> Self:
        """Add the end of a connection in order."""
        return self.goodbye().unplug(number).destroy(number)

    def caught(self, exception: str) -> Self:
        """Add the exception that ended a connection."""
        return self.say(f"Caught exception while handling client: {exception}")

    def case(self) -> Case:
        """Return a case of one host with this log."""
        return CaseBuilder().host().daemon_log(self.text).build()

    def _line(self, text: str) -> Self:
        second = self._second
        self._second += 1
        stamp = f"{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}"
        self.lines.append(f"{stamp} {text}")
        return self


def quick_case(log: NbdLog) -> Case:
    """Return a case of these lines alone, as fast as a property test needs it."""
    builder = EventTableBuilder()
    text = "".join(f"Jun 10 {line}\n" for line in _with_host(log.lines))
    for record in _SCANNER.parse_text("daemon_log", text):
        hits = _SCANNER.match("daemon_log", record.process, record.message)
        member = "var/log/daemon.log"
        builder.add(bundle="a", member=member, parser="daemon_log", record=record, hits=hits)
    return Case(
        pools=(),
        hosts=(),
        events=builder.build(_date, {}),
        gap=lambda _need, _bundle: None,
        window=lambda _need: None,
    )


def _with_host(lines: list[str]) -> list[str]:
    return [f"{time} jupiter {rest}" for time, _, rest in (each.partition(" ") for each in lines)]


def _date(_bundle: str, _member: str, _line: int, stamp: Stamp) -> Moment:
    naive = (stamp.month, stamp.day, stamp.hour, stamp.minute, stamp.second)
    return Moment.exact(datetime(2024, *naive, tzinfo=UTC), "test")
