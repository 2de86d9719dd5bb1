"""Pages of reports in a real browser, and what axe-core finds in them."""

import hashlib
import os
import re
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, Page, Request

from analyzer.model.report import Report
from analyzer.render.html.html import render_html
from tests.golden.outputs import SAMPLES, sample_read

AXE = "axe-core@4.14.1"
AXE_SHA256 = "29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c"
DESKTOP, PHONE = (1280, 800), (390, 844)
_POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy"[^>]*>')
_SCRIPT = re.compile(r'<script type="module">.*?</script>', re.DOTALL)
Scheme = Literal["light", "dark"]


@dataclass(slots=True, kw_only=True)
class Visit:
    """A page that is open, what it wrote to the console, and the addresses it asked for."""

    page: Page
    console: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def note_failed(self, request: Request) -> None:
        """Note a request that was sent, and not one that the policy stopped."""
        if request.failure != "csp":
            self.requests.append(request.url)


@contextmanager
def visiting(
    browser: Browser,
    folder: Path,
    html: str,
    *,
    size: tuple[int, int] = DESKTOP,
    scheme: Scheme = "light",
    place: str = "",
    scripts: bool = True,
) -> Iterator[Visit]:
    """Open a page from a file, at an anchor if one is given."""
    file = folder / "page.html"
    file.write_text(html, "utf-8")
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        color_scheme=scheme,
        java_script_enabled=scripts,
        permissions=["clipboard-read", "clipboard-write"],
    )
    context.set_default_timeout(15_000)
    visit = Visit(page=context.new_page())
    visit.page.on("console", lambda message: visit.console.append(message.text))
    visit.page.on("pageerror", lambda error: visit.console.append(str(error)))
    visit.page.on("requestfinished", lambda request: visit.requests.append(request.url))
    visit.page.on("requestfailed", lambda request: visit.note_failed(request))  # noqa: PLW0108 - slots
    visit.page.goto(file.as_uri() + place)
    yield visit
    keep_picture(visit.page, f"{size[0]}-{scheme}{'' if scripts else '-no-scripts'}")
    context.close()


def keep_picture(page: Page, word: str) -> None:
    """Keep what a test has before it in the folder that CBTRIAGE_PICTURES names, if it is set."""
    if place := kept_as(word, "png"):
        page.screenshot(path=place)


def kept_as(word: str, suffix: str) -> Path | None:
    """Return where the running test keeps a picture or a PDF, None where none are kept."""
    folder = os.environ.get("CBTRIAGE_PICTURES")
    if not folder:
        return None
    test = os.environ["PYTEST_CURRENT_TEST"].rpartition("::")[2].partition(" ")[0]
    name = re.sub(r"[^\w.-]+", "-", f"{test}-{word}").strip("-")
    Path(folder).mkdir(parents=True, exist_ok=True)
    return Path(folder, f"{name}.{suffix}")


def without_policy(html: str) -> str:
    """Return a page that lets a test's own scripts in."""
    return _POLICY.sub("", html)


def without_scripts(html: str) -> str:
    """Return a page as it is where JavaScript is turned off."""
    return _SCRIPT.sub("", html)


@cache
def sample(name: str) -> Report:
    """Return the report of a sample bundle."""
    return sample_read(next(path for path in SAMPLES if path.name.partition(".")[0] == name))[1]


@cache
def sample_page(name: str) -> str:
    """Return the page of a sample bundle."""
    return render_html(sample(name))


@cache
def axe() -> str:
    """Return the source of axe-core, from the npm registry; skips where it cannot be had."""
    if not shutil.which("npm"):
        pytest.skip("npm is not installed, so axe-core cannot be had")
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            ["npm", "pack", "--silent", AXE],  # noqa: S607 - npm of the machine
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        if done.returncode:
            pytest.skip(f"npm cannot fetch {AXE}: {done.stderr.strip()[-200:]}")
        with tarfile.open(Path(folder) / done.stdout.split()[-1]) as packed:
            file = packed.extractfile("package/axe.min.js")
            assert file is not None
            source = file.read()
    assert hashlib.sha256(source).hexdigest() == AXE_SHA256
    return source.decode()


def violations(page: Page) -> list[str]:
    """Return what axe-core finds, a line each."""
    page.evaluate(axe())
    found: dict[str, Any] = page.evaluate("() => axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{each['id']}: {node['html'][:160]}"
        for each in found["violations"]
        for node in each["nodes"]
    ]


def pages_of(pdf: bytes) -> int:
    """Return how many pages a PDF of Chromium has."""
    return len(re.findall(rb"/Type\s*/Page\b", pdf))
