"""One module per check, in the folder of its subject; its name, with dashes, is the rule's id.

To add a check, write ``<subject>/<id>.py`` with a function ``examine`` and its text
``patterns/checks/<id>.yaml``: nothing else names it.
"""

import pkgutil
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from types import MappingProxyType

from analyzer.case.case import Case
from analyzer.case.derived import derived
from analyzer.checks.observation import Check, Examined, examined
from analyzer.model.rule import RuleText


@derived
def examined_once(case: Case, text: RuleText) -> Examined:
    """Return what the check of that text answers; whoever explains it need not ask it again."""
    return examined(checks()[text.id](case, text))


@cache
def checks() -> Mapping[str, Check]:
    """Return every check by the id of its rule: each module of a subject that has `examine`.

    A module whose name begins with an underscore is none: it is imported only where it is used.
    """
    found: dict[str, Check] = {}
    for subject in pkgutil.iter_modules(__path__, f"{__name__}."):
        if subject.ispkg:
            for module in pkgutil.iter_modules(import_module(subject.name).__path__):
                if module.name.startswith("_"):
                    continue
                code = import_module(f"{subject.name}.{module.name}")
                if hasattr(code, "examine"):
                    found[module.name.replace("_", "-")] = code.examine
    return MappingProxyType(found)
