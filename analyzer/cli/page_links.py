"""Places of lines in a text lead to the page that quotes them, on a terminal that shows links."""

import re
from collections import Counter
from contextlib import suppress
from pathlib import Path

from analyzer.cli.output import knows_links

_QUOTE = re.compile(r'<figure class="quote" id="(b\d+:([^":]+:\d+))"')
_PLACE = re.compile(r"(?<![\w./-])[\w./-]*\w:\d+\b")
_LINK, _END = "\x1b]8;;{}\x1b\\", "\x1b]8;;\x1b\\"


def linked(text: str, page: Path) -> str:
    """Return the text with a link (OSC 8) for each place that the page quotes.

    In a page of several reports the same place of two of them has none: it would have to say whose.
    """
    if not knows_links():
        return text
    with suppress(OSError, UnicodeDecodeError):
        quotes = _QUOTE.findall(page.read_text("utf-8"))
        count = Counter(place for _, place in quotes)
        anchors = {place: anchor for anchor, place in quotes if count[place] == 1}
        url = page.resolve().as_uri()
        return _PLACE.sub(lambda found: _with_link(found[0], url, anchors), text)
    return text


def _with_link(place: str, url: str, anchors: dict[str, str]) -> str:
    anchor = anchors.get(place)
    return f"{_LINK.format(f'{url}#{anchor}')}{place}{_END}" if anchor else place
