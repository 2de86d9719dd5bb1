"""Nbd: what xapi-nbd and systemd write to daemon.log, one method per step of the server.

Writer imitated: xen-api `ocaml/nbd/src/main.ml`, `cleanup.ml`, `local_xapi_session.ml`; the nbd
library's `server.ml`; systemd 219 and, on the newest dom0, 257. Lines name no connection.
"""

from collections.abc import Sequence

from tests.world.journal import DAEMON
from tests.world.objects import Host

_LOGIN = "Will try to log in via xapi's Unix domain socket for 300.000000 seconds"
_UNIT = "NBD server that exposes XenServer disks"
_MIXED = (
    "Contradictory XenServer configuration: nbd and insecure_nbd network purposes! "
    "Refusing connection."
)
_NO_PURPOSE = "Refusing connection: no network has purpose nbd or insecure_nbd:"


class Nbd:
    """The NBD server of one host; every start is a new process, ``pid`` 0 while there is none.

    ``servers`` are the pids of those that listen, by host.
    """

    def __init__(self, host: Host, servers: dict[str, int]) -> None:
        self._host = host
        self._servers = servers
        self._restarts = 0
        self.pid = 0

    def launch(self) -> None:
        """Log the first lines of a start, up to the login for the clean-up."""
        self.pid = self._host.journal.pid()
        self._systemd(f"Started {_UNIT}.")
        self.main("Starting xapi-nbd: port = '10809'; certfile = '/etc/xensource/xapi-ssl.pem'")
        self.login()
        self.main("Checking if there are any VBDs to clean up that leaked during the previous run")

    def listen(self) -> None:
        """Log the last lines of a healthy start."""
        self.main("Initialising TLS")
        self.main("Setting up server socket")
        self.main("Listening for incoming connections")
        self._servers[self._host.name] = self.pid

    def start(self) -> None:
        """Log a healthy start that finds nothing to clean up."""
        self.launch()
        self.listen()

    def signalled(self, blocks: int = 0) -> None:
        """Log that systemd stops the service: `blocks` devices are open."""
        old = self._host.release.stop_fails
        self._systemd(f"Stopping {_UNIT}...")
        self.main(f"Caught signal {'-11' if old else 'SIGTERM'}, cleaning up")
        for _ in range(blocks):
            self.main("Disconnecting from block device")
        self.main("Checking if there are any VBDs to clean up that leaked during runtime")

    def stopped(self) -> None:
        """Log the end of a stop: status 2 and "failed" with older releases, which is no error."""
        self._end()
        if self._host.release.stop_fails:
            self._systemd(
                "xapi-nbd.service: main process exited, code=exited, status=2/INVALIDARGUMENT"
            )
            self._systemd(f"Stopped {_UNIT}.")
            self._failed("exit-code")
            return
        if self._host.release.sm_major > 3:
            self._systemd("xapi-nbd.service: Deactivated successfully.")
        self._systemd(f"Stopped {_UNIT}.")

    def stop(self) -> None:
        """Log a stop while no client is there."""
        self.signalled()
        self.stopped()

    def killed(self) -> None:
        """Log a crash: a segmentation fault, of which xapi-nbd itself says nothing."""
        fault = (
            f"xapi-nbd[{self.pid}]: segfault at 8 ip 000055d0c3a4f1be sp 00007ffd1f2a9c40 "
            "error 4 in xapi-nbd[55d0c3800000+6f2000]"
        )
        self._host.journal.kernel(fault)
        self._exited("killed", "11/SEGV", "signal")

    def died(self, exception: str) -> None:
        """Log an end by an exception that nothing caught."""
        self.main(f"Caught unexpected exception: {exception}")
        self._exited("exited", self._status(), "exit-code")

    def comes_back(self) -> None:
        """Log that systemd is about to start a service that failed."""
        self._restarts += 1
        if self._host.release.sm_major > 3:
            counter = f"restart counter is at {self._restarts}"
            self._systemd(f"xapi-nbd.service: Scheduled restart job, {counter}.")
        else:
            self._systemd("xapi-nbd.service holdoff time over, scheduling restart.")
        self._systemd(f"Stopped {_UNIT}.")

    def given_up(self) -> None:
        """Log that systemd no longer tries to start the service."""
        if self._host.release.sm_major > 3:
            self._systemd("xapi-nbd.service: Start request repeated too quickly.")
            self._systemd("xapi-nbd.service: Failed with result 'exit-code'.")
        else:
            self._systemd("start request repeated too quickly for xapi-nbd.service")
        self._systemd(f"Failed to start {_UNIT}.")

    def client(self) -> None:
        """Log that a client connected, and that xapi is asked for the purposes."""
        self.main("Got new client")
        self.login()

    def negotiation(self) -> None:
        """Log the start of the handshake."""
        self._say("Server.connect", "Starting fixed-newstyle negotiation")

    def found_disk(self) -> None:
        """Log that session and disk were good."""
        self.main("Looking up control domain UUID in xensource inventory")
        self.main("Found control domain UUID")

    def serving(self) -> None:
        """Log that the export is offered, once its disk is plugged into dom0."""
        self._say("Server.serve", "Serving new client, read_only = true")

    def disconnected(self) -> None:
        """Log that the client said goodbye."""
        self._say("Server.serve", "Received NBD_CMD_DISC, disconnecting")

    def caught(self, exception: str) -> None:
        """Log the exception that ended a client."""
        self.main(f"Caught exception while handling client: {exception}")

    def gone(self) -> None:
        """Log a client that connected and went away, such as a port scanner."""
        self.client()
        self.negotiation()
        self.caught("End_of_file")

    def refused(self, exception: str) -> None:
        """Log a client that is sent away during the handshake."""
        self.client()
        self.negotiation()
        self.caught(exception)

    def session_invalid(self, session_ref: str) -> None:
        """Log a client whose session is no longer good."""
        self.refused(f"Server_error(SESSION_INVALID, [ {session_ref} ])")

    def busy(self) -> None:
        """Log the seventeenth client."""
        self.main("Got new client")
        self.caught('Failure("Server busy: already at maximum 16 connections.")')

    def contradictory(self) -> None:
        """Log a client refused because both purposes are in use in the pool."""
        self._turned_away(_MIXED)

    def no_network(self) -> None:
        """Log a client refused because no network has a purpose."""
        self._turned_away(_NO_PURPOSE)

    def xapi_is_away(self, tries: int) -> None:
        """Log a client for which xapi cannot be asked at first."""
        self.client()
        socket = 'Unix.Unix_error(Unix.ECONNREFUSED, "connect", "")'
        for _ in range(tries):
            self.main(
                f"Failed to log in via xapi's Unix domain socket: {socket}; "
                "retrying in 4.000000 seconds"
            )
            self._host.journal.clock.tick(4)

    def login(self) -> None:
        """Log that xapi-nbd logs in to xapi for something of its own."""
        self.main(_LOGIN)

    def main(self, text: str) -> None:
        """Log a line of the main section."""
        self._say("main", text)

    def lines(self, texts: Sequence[str]) -> None:
        """Log lines of the main section."""
        for text in texts:
            self.main(text)

    def _turned_away(self, sentence: str) -> None:
        self.client()
        self.main(sentence)
        self.caught(f'Failure("{sentence}")')

    def _exited(self, code: str, status: str, result: str) -> None:
        self._end()
        word = "Main" if self._host.release.sm_major > 3 else "main"
        self._systemd(f"xapi-nbd.service: {word} process exited, code={code}, status={status}")
        self._failed(result)

    def _end(self) -> None:
        self.pid = 0
        self._servers.pop(self._host.name, None)

    def _failed(self, result: str) -> None:
        if self._host.release.sm_major > 3:
            self._systemd(f"xapi-nbd.service: Failed with result '{result}'.")
        else:
            self._systemd("Unit xapi-nbd.service entered failed state.")
            self._systemd("xapi-nbd.service failed.")

    def _status(self) -> str:
        if self._host.release.stop_fails:
            return "2/INVALIDARGUMENT"
        return "125/n/a" if self._host.release.sm_major > 2 else "1/FAILURE"

    def _say(self, section: str, text: str) -> None:
        self._host.journal.write(DAEMON, f"xapi-nbd[{self.pid}]", f"{section}: {text}")
        self._host.journal.clock.tick(0.05)

    def _systemd(self, text: str) -> None:
        self._host.journal.write(DAEMON, "systemd[1]", text)
