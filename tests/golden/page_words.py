"""How many words of a page stand outside what is folded."""

from html.parser import HTMLParser

_VOID = {"meta", "link", "br", "img", "input"}
_SILENT = {"script", "style", "title"}


class PageWords(HTMLParser):
    """Counts words by the nearest named part: ``words`` is id or class of a section → count."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.words: dict[str, int] = {}
        self._open: list[tuple[str, bool, str]] = []  # tag, shown, part
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note whether what stands in the element is shown."""
        if tag in _VOID:
            return
        given = dict(attrs)
        above, shown, part = self._open[-1] if self._open else ("", True, "")
        if above == "details" and tag == "summary":
            shown = self._open[-2][1]
        elif tag == "details":
            shown = shown and "open" in given
        shown = shown and tag not in _SILENT and "hidden" not in given
        if tag in {"section", "header", "dl"} or "headline" in (given.get("class") or ""):
            part = given.get("class") or given.get("id") or part
        self._open.append((tag, shown, part))

    def handle_endtag(self, tag: str) -> None:
        """Leave the element."""
        assert self._open.pop()[0] == tag

    def handle_data(self, data: str) -> None:
        """Count the words of a text that is shown."""
        _, shown, part = self._open[-1] if self._open else ("", True, "")
        if shown:
            self.words[part] = self.words.get(part, 0) + len(data.split())
