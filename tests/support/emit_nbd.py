"""Nbd: what xapi-nbd and systemd write to daemon.log.

Writer imitated: xen-api `ocaml/nbd/src/main.ml`, `cleanup.ml`, `local_xapi_session.ml`; the nbd
library's `server.ml`; systemd.
"""

from dataclasses import dataclass

from tests.support.clock import Ids
from tests.support.journal import DAEMON
from tests.support.objects import Host

_LOGIN = "Will try to log in via xapi's Unix domain socket for 300.000000 seconds"
_UNIT = "NBD server that exposes XenServer disks"


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A client that is being served: the pid of xapi-nbd then, and the VBD it plugged."""

    pid: int
    vbd: str


class Nbd:
    """The NBD server of one host; every start is a new process."""

    def __init__(self, host: Host, ids: Ids) -> None:
        self._host = host
        self._ids = ids
        self._pid = 0

    def start(self) -> None:
        """Log a healthy start."""
        self._pid = self._host.journal.pid()
        self._systemd(f"Started {_UNIT}.")
        self._main("Starting xapi-nbd: port = '10809'; certfile = '/etc/xensource/xapi-ssl.pem'")
        self._main(_LOGIN)
        self._main("Checking if there are any VBDs to clean up that leaked during the previous run")
        self._main("Initialising TLS")
        self._main("Setting up server socket")
        self._main("Listening for incoming connections")

    def stop(self) -> None:
        """Log a stop: status 2 and "failed" with older releases, which is no error."""
        old = self._host.release.stop_fails
        self._systemd(f"Stopping {_UNIT}...")
        self._main(f"Caught signal {'-11' if old else 'SIGTERM'}, cleaning up")
        self._main(_LOGIN)
        self._main("Checking if there are any VBDs to clean up that leaked during runtime")
        if old:
            self._systemd(
                "xapi-nbd.service: main process exited, code=exited, status=2/INVALIDARGUMENT"
            )
        self._systemd(f"Stopped {_UNIT}.")
        if old:
            self._systemd("Unit xapi-nbd.service entered failed state.")
            self._systemd("xapi-nbd.service failed.")

    def open(self) -> Session:
        """Log a client up to the first block it may read."""
        self._client()
        self._say("Server.connect", "Starting fixed-newstyle negotiation")
        self._main("Looking up control domain UUID in xensource inventory")
        self._main("Found control domain UUID")
        session = Session(pid=self._pid, vbd=self._ids.ref())
        self._main(f"Plugging VBD {session.vbd}")
        return session

    def serving(self) -> None:
        """Log that the export is offered, once its disk is plugged into dom0."""
        self._say("Server.serve", "Serving new client, read_only = true")

    def close(self, session: Session) -> None:
        """Log the clean end of a client."""
        self._say("Server.serve", "Received NBD_CMD_DISC, disconnecting")
        self._main(f"Unplugging VBD {session.vbd}")
        self._main(f"Destroying VBD {session.vbd}")

    def gone(self) -> None:
        """Log a client that connected and went away, such as a port scanner."""
        self._client()
        self._say("Server.connect", "Starting fixed-newstyle negotiation")
        self._caught("End_of_file")

    def session_invalid(self, session_ref: str) -> None:
        """Log a client whose session is no longer good."""
        self._client()
        self._say("Server.connect", "Starting fixed-newstyle negotiation")
        self._caught(f"Server_error(SESSION_INVALID, [ {session_ref} ])")

    def busy(self) -> None:
        """Log the seventeenth client."""
        self._main("Got new client")
        self._caught('Failure("Server busy: already at maximum 16 connections.")')

    def contradictory(self) -> None:
        """Log a client refused because both purposes are in use in the pool."""
        sentence = "Contradictory XenServer configuration: nbd and insecure_nbd network purposes!"
        self._client()
        self._main(f"{sentence} Refusing connection.")
        self._caught(f'Failure("{sentence} Refusing connection.")')

    def no_network(self) -> None:
        """Log a client refused because no network has a purpose."""
        sentence = "Refusing connection: no network has purpose nbd or insecure_nbd:"
        self._client()
        self._main(sentence)
        self._caught(f'Failure("{sentence}")')

    def _client(self) -> None:
        self._main("Got new client")
        self._main(_LOGIN)

    def _caught(self, exception: str) -> None:
        self._main(f"Caught exception while handling client: {exception}")

    def _main(self, text: str) -> None:
        self._say("main", text)

    def _say(self, section: str, text: str) -> None:
        self._host.journal.write(DAEMON, f"xapi-nbd[{self._pid}]", f"{section}: {text}")
        self._host.journal.clock.tick(0.05)

    def _systemd(self, text: str) -> None:
        self._host.journal.write(DAEMON, "systemd[1]", text)
