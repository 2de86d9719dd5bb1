"""Rebuild ``sample_bundles/``: ``python -m tests.world.build_samples [FOLDER]``."""

import json
import sys
from pathlib import Path

from analyzer.rules.load import load_catalogue
from tests.world.recipes import RECIPES
from tests.world.sample import Recipe, Sample

FOLDER = Path(__file__).resolve().parents[2] / "sample_bundles"
_CATALOGUE = load_catalogue()
RULES = tuple(
    sorted(text.id for text in (*_CATALOGUE.checks, *(rule.text for rule in _CATALOGUE.rules)))
)


# What no status report shows is never ruled out.
LEFT_OPEN = frozenset(text.id for text in _CATALOGUE.checks if text.unseen)


def build(folder: Path) -> tuple[Path, ...]:
    """Write every sample's archive and expectations below `folder`; returns the archives."""
    folder.mkdir(parents=True, exist_ok=True)
    return tuple(_build(recipe, folder) for recipe in RECIPES)


def expectations(sample: Sample) -> str:
    """Return the JSON that says what must be found, and that nothing else is."""
    rules = {rule: expected(sample, rule) for rule in RULES}
    return json.dumps({"rules": rules}, indent=1) + "\n"


def expected(sample: Sample, rule: str) -> dict[str, object]:
    """Return the verdict of a rule, and for what is found the uuids of the subjects."""
    if rule in sample.found:
        return {"verdict": "found", "subjects": sorted(map(sorted, sample.found[rule]))}
    if rule in sample.untold:
        return {"verdict": "cannot-tell"}
    if rule in sample.meaningless:
        return {"verdict": "not-applicable"}
    return {"verdict": "cannot-tell" if rule in LEFT_OPEN else "ruled-out"}


def _build(recipe: Recipe, folder: Path) -> Path:
    path, sample = recipe.write(folder)
    (folder / f"{recipe.name}.expected.json").write_text(expectations(sample), encoding="utf-8")
    return path


if __name__ == "__main__":
    for archive in build(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER):
        sys.stdout.write(f"{archive.name}  {archive.stat().st_size // 1024} KiB\n")
