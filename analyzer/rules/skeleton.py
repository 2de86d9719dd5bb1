"""A pattern file to begin with: it loads and passes, and every line of it is to be replaced."""

from analyzer.resources import folder

_OWN_NAME = "new-rule"  # stands in the file where the id does


def skeleton(name: str) -> str:
    """Return the text of a pattern file of that id."""
    text = (folder("patterns") / f"{_OWN_NAME}.txt").read_text(encoding="utf-8")
    return text.replace(_OWN_NAME, name)
