"""A dom0 of a made-up host: its files under a folder, and commands that answer from its report.

The paths of a script are led below that folder; the shell, `od`, `cp` and `tar` are the real ones.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.support.bundle import BundleBuilder

_ROOTS = ("/run/sr-mount", "/var/log", "/etc/xensource", "/dev/VG_", "/var/lib/xapi-nbd")
_OUTPUTS = {
    "lvs": "lvs.out",
    "vgs": "vgs.out",
    "pvs": "pvs.out",
    "iptables": "iptables-nvL.out",
    "ss": "ss-nampio.out",
    "df": "df-alT.out",
    "rpm": "rpm-qa.out",
    "chronyc": "chronyc-tracking.out",
    "dmsetup": "dmsetup-table.out",
    "systemctl": "systemctl-status.out",
    "openssl": "xapi_cert.out",
}
_LISTING = "ls-lR-%run%sr-mount.out"
_CBT_UTIL = """#!{python} -IS
import struct, sys, uuid
option = sys.argv[-1]
parent, child, flag, size = struct.unpack_from("<16s16si4xQ", open(sys.argv[3], "rb").read())
shown = {{"-p": uuid.UUID(bytes=parent), "-c": uuid.UUID(bytes=child), "-f": flag, "-s": size}}
print(shown[option])
"""


class Dom0:
    """A host on which scripts run; ``calls`` are the commands that changed something."""

    def __init__(self, folder: Path, report: BundleBuilder) -> None:
        self.root = folder / "root"
        self._stubs = folder / "bin"
        self._stubs.mkdir(parents=True)
        self._calls = folder / "calls"
        self._report = report
        for path, content in report.beside.items():
            hidden = ".inactive" if path in report.inactive else ""
            self._file(f"{path}{hidden}", content)
        for path in report.paths():
            if path.startswith(("var/log/", "etc/xensource")):
                self._file(f"/{path}", report.content(path))
        self._stub_all()

    @property
    def calls(self) -> tuple[str, ...]:
        """Return the commands that were called to change something, in order."""
        return tuple(self._calls.read_text().splitlines()) if self._calls.exists() else ()

    def run(self, script: str, folder: Path, shell: str) -> Path:
        """Run a script there with `folder` as the current one; return the archive it wrote.

        Raises:
            AssertionError: it failed, or it wrote another number of files than one.
        """
        for root in _ROOTS:
            script = re.sub(rf"(?<!\w){root}", f"{self.root}{root}", script)
        file = folder / "script.sh"
        file.write_text(script)
        path = f"{self._stubs}:{os.environ['PATH']}"
        done = subprocess.run(
            (shell, str(file)),
            cwd=folder,
            env={"PATH": path, "TMPDIR": str(folder)},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        file.unlink()
        (archive,) = folder.iterdir()
        return archive

    def _file(self, path: str, content: bytes) -> None:
        target = Path(f"{self.root}{path}")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        made = self._report.captured_at.timestamp()
        os.utime(target, (made, made))

    def _stub_all(self) -> None:
        paths = self._report.paths()
        self._stub("hostname", f"echo {self._report.host}\n")
        for command, name in _OUTPUTS.items():
            self._answer(command, name if name in paths else "")
        self._stub("ip", self._ip(paths))
        self._stub("ls", self._ls(paths))
        self._answer("xe", "sm_diagnostics.out" if "sm_diagnostics.out" in paths else "")
        self._stub("lvchange", self._lvchange())
        (self._stubs / "cbt-util").write_text(_CBT_UTIL.format(python=sys.executable))
        (self._stubs / "cbt-util").chmod(0o755)

    def _answer(self, command: str, name: str) -> None:
        if not name:
            self._stub(command, f"echo '{command}: nothing' >&2\nexit 1\n")
            return
        self._file(f"/out/{name}", self._report.content(name))
        self._stub(command, f"cat '{self.root}/out/{name}'\n")

    def _ip(self, paths: tuple[str, ...]) -> str:
        for name in ("ip-s-addr.out", "ip-route.out"):
            if name in paths:
                self._file(f"/out/{name}", self._report.content(name))
        out = f"{self.root}/out"
        return f'[ "$1" = -s ] && exec cat {out}/ip-s-addr.out\nexec cat {out}/ip-route.out\n'

    def _ls(self, paths: tuple[str, ...]) -> str:
        """Return a stub that lists folders of SRs as somebody's listing of all shows them."""
        text = self._report.content(_LISTING).decode() if _LISTING in paths else ""
        for part in text.split("\n\n")[1:] if text else ():
            heading, _, rows = part.partition(":\n")
            self._file(f"/ls/{Path(heading).name}", f"{rows.rstrip()}\n".encode())
        known = f'{self.root}/ls/"${{2##*/}}"'
        return (
            f'[ "$1" = -la ] && [ -f {known} ] && exec cat {known}\n'
            'echo "ls: cannot access $2: No such file or directory" >&2\nexit 2\n'
        )

    def _lvchange(self) -> str:
        return (
            f'echo "lvchange $*" >>{self._calls}\n'
            'case $1 in\n-ay) mv "$2.inactive" "$2" ;;\n-an) mv "$2" "$2.inactive" ;;\nesac\n'
        )

    def _stub(self, command: str, body: str) -> None:
        file = self._stubs / command
        file.write_text(f"#!/bin/sh\n{body}")
        file.chmod(0o755)
