"""How long a zoom frame of the page's timeline takes with very many points.

``python -m tests.benchmarks.explorer [--points N]`` builds a report with that many points in 12
logs, opens its page in headless Chromium, zooms in and out with the wheel, and prints the median
and the worst of the frames: drawing, and reading a pixel back, which waits for what was drawn.
"""

import argparse
import statistics
import tempfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from shutil import which

from playwright.sync_api import sync_playwright

from analyzer.model.entry import Entry, EntryKind
from analyzer.model.finding import Severity
from analyzer.model.moment import Moment
from analyzer.model.report import Report
from analyzer.render.html.html import render_html
from analyzer.sources import LOGS
from tests.browser.conftest import FLAGS, NAMES
from tests.render.support import at, clear_report, smlog

HOSTS = ("jupiter", "saturn")
AIM = 20.0  # milliseconds, the median of a frame
ZOOM = """async () => {
  const canvas = document.querySelector("#explorer canvas");
  const pen = canvas.getContext("2d");
  const frame = () => new Promise(requestAnimationFrame);
  const took = [];
  canvas.focus();
  canvas.dispatchEvent(new KeyboardEvent("keydown", {key: "Home"}));
  await frame();
  for (let i = 0; i < 120; i++) {
    const deltaY = i % 12 < 6 ? -60 : 60;
    canvas.dispatchEvent(new WheelEvent("wheel", {deltaY, ctrlKey: true, cancelable: true}));
    performance.clearMeasures();
    await frame();
    const begun = performance.now();
    pen.getImageData(0, 0, 1, 1);
    const read = performance.now() - begun;
    const [measured] = performance.getEntriesByName("explorer-frame");
    took.push(measured.duration + read);
  }
  return took;
}"""


def report_of(points: int) -> Report:
    """Return a report with so many points, over three days, one in a thousand a finding."""
    start = at("00:00:00", day=19).at
    step = timedelta(days=3) / points
    lanes = [(host, log) for host in HOSTS for log in sorted(LOGS)]
    events = []
    for number in range(points):
        host, log = lanes[number * 7919 % len(lanes)]
        severity = list(Severity)[number // 1000 % 4] if number % 1000 == 0 else None
        events.append(
            Entry(
                moment=Moment.exact(start + step * number, "benchmark"),
                what=EntryKind.RECORD,
                host=host,
                lane=log,
                kinds=(),
                title=f"something happened {number % 50}",
                message="",
                severity=severity,
                source=replace(smlog(1), line=number + 1),
                text="",
            )
        )
    return replace(clear_report(), happenings=tuple(events))


def frames(page: Path) -> list[float]:
    """Return the milliseconds of 120 zoom frames, the first one left out."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=next(found for name in NAMES if (found := which(name))),
            args=list(FLAGS),
        )
        opened = browser.new_page(viewport={"width": 1280, "height": 800})
        opened.goto(page.as_uri())
        took: list[float] = opened.evaluate(ZOOM)
        browser.close()
    return took[1:]


def main() -> None:
    """Print the figures; fails when the median is over the aim."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--points", type=int, default=200_000)
    points = parser.parse_args().points
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "page.html"
        page.write_text(render_html(report_of(points)), "utf-8")
        took = frames(page)
        size = page.stat().st_size / 1e6
    median = statistics.median(took)
    print(  # noqa: T201
        f"{points:,} points, page of {size:.1f} MB: median {median:.1f} ms, "
        f"worst {max(took):.1f} ms of {len(took)} frames (aim {AIM:.0f})"
    )
    if median > AIM:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
