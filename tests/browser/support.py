"""A real browser: headless Chromium as a subprocess, in a profile of its own."""

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--enable-logging=stderr",
    "--host-resolver-rules=MAP * ~NOTFOUND",
)

_BROWSER = "not an origin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """What the browser made of a page.

    ``dom`` is the document as serialised after loading, ``console`` what it wrote to its
    console (errors and refused content), ``requests`` the addresses it asked the net for.
    """

    dom: str
    console: tuple[str, ...]
    requests: tuple[str, ...]


def browser() -> str:
    """Return the path of Chromium.

    Skips the test where there is none; on a build machine (``CI`` is set) that is a failure.
    """
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    if found is None and os.environ.get("CI"):
        pytest.fail(f"none of {', '.join(NAMES)} is installed, and CI needs one")
    if found is None:
        pytest.skip(f"none of {', '.join(NAMES)} is installed")
    return found


def visit(page: str, folder: Path) -> Visit:
    """Load `page` in a fresh profile and return what came of it."""
    file, log = folder / "page.html", folder / "net.json"
    file.write_text(page, "utf-8")
    done = subprocess.run(
        [
            browser(),
            *FLAGS,
            f"--user-data-dir={folder / 'profile'}",
            f"--log-net-log={log}",
            "--window-size=1280,900",
            "--dump-dom",
            file.as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return Visit(
        dom=done.stdout,
        console=tuple(line for line in done.stderr.splitlines() if ":CONSOLE" in line),
        requests=_requests(log),
    )


def _requests(log: Path) -> tuple[str, ...]:
    """Return the addresses that a page asked for, out of the browser's log of its network.

    What the browser asks on its own account has an initiator that is "not an origin".
    """
    events = json.loads(log.read_text("utf-8"))["events"]
    asked = (event.get("params", {}) for event in events)
    return tuple(
        params["url"]
        for params in asked
        if params.get("initiator", _BROWSER) != _BROWSER
        and params["url"].startswith(("http:", "https:", "ws:", "wss:"))
    )
