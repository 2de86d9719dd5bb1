"""``sample_bundles/`` is what the recipes make, nothing else and nothing older."""

import zipfile
from pathlib import Path

import pytest

from tests.world.build_samples import FOLDER, build
from tests.world.recipes import RECIPES
from tests.world.sample import Recipe


@pytest.fixture(scope="module")
def rebuilt(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("samples")
    build(folder)
    return folder


def _content(path: Path) -> object:
    """Return a file's bytes; of a zip its members, because zlib's builds deflate differently."""
    if path.suffix != ".zip":
        return path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        return [
            (entry.filename, entry.date_time, archive.read(entry)) for entry in archive.filelist
        ]


def test_folder_holds_what_the_recipes_make(rebuilt: Path) -> None:
    made = {path.name for path in rebuilt.iterdir()}
    assert made == {path.name for path in FOLDER.iterdir() if path.suffix != ".md"}


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.name)
def test_archive_is_rebuilt_byte_for_byte(rebuilt: Path, recipe: Recipe) -> None:
    name = f"{recipe.name}{recipe.suffix}"
    assert _content(rebuilt / name) == _content(FOLDER / name)


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.name)
def test_expectations_are_rebuilt(rebuilt: Path, recipe: Recipe) -> None:
    name = f"{recipe.name}.expected.json"
    assert (rebuilt / name).read_text("utf-8") == (FOLDER / name).read_text("utf-8")


def test_samples_are_small() -> None:
    assert [path.name for path in FOLDER.iterdir() if path.stat().st_size > 300 * 1024] == []


def test_recipe_files_are_named_once() -> None:
    names = [recipe.name for recipe in RECIPES]
    assert sorted(set(names)) == names
