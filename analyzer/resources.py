"""Find the two data folders, ``patterns`` and ``reports``, installed or in a checkout."""

from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Literal


def folder(name: Literal["patterns", "reports"]) -> Traversable:
    """Return the data folder `name`: inside the installed package, else beside it.

    Raises:
        FileNotFoundError: the installation is incomplete.
    """
    installed = files("analyzer") / name
    if installed.is_dir():
        return installed
    checkout = Path(__file__).resolve().parent.parent / name
    if checkout.is_dir():
        return checkout
    msg = f"the folder {name} is missing from this installation of cbtriage: install it again"
    raise FileNotFoundError(msg)
