"""A page in our style: templates, stylesheet, scripts, and the policy that allows these alone.

Every value passes `visible` and then autoescape. The stylesheet and the scripts are not escaped:
they are ours, and the page's policy allows each by its hash and nothing else.
"""

import base64
import hashlib
import marshal
import sys
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path

from jinja2 import BytecodeCache, Environment, FunctionLoader, StrictUndefined
from jinja2.bccache import Bucket
from markupsafe import Markup

from analyzer.render.html.told import shown
from analyzer.resources import folder
from analyzer.user_cache import keep, key_of, recall

NONE = "'none'"


def page(template: str, names: Sequence[str] = (), **context: object) -> str:
    """Return a page in our style with our scripts of these names; all of `context` is escaped."""
    stylesheet = _asset_text("report.css")
    scripts = tuple(_asset_text(f"{name}.js") for name in names)
    parts = (
        f"default-src {NONE}",
        f"style-src {_digest_of_text(stylesheet)}",
        f"script-src {' '.join(_digest_of_text(script) for script in scripts) or NONE}",
        "img-src data:",
        "base-uri 'none'",
        "form-action 'none'",
        "require-trusted-types-for 'script'",  # no text can become an element
        "trusted-types 'none'",
    )
    text = (
        _jinja_environment()
        .get_template(template)
        .render(
            stylesheet=stylesheet,
            scripts=scripts,
            policy="; ".join(parts),
            **context,
        )
    )
    return text + "\n"


def _asset_text(name: str) -> Markup:
    text = (folder("reports") / "assets" / name).read_text("utf-8")
    return Markup(text)  # noqa: S704  # our own file, nothing of a bundle in it


class _CompiledTemplates(BytecodeCache):
    """Compiling the templates takes half of a short run: their code is kept for the next one."""

    def load_bytecode(self, bucket: Bucket) -> None:
        """Fill the bucket from the cache, where that holds the code of this very template."""
        if code := recall(*_place_of_bucket(bucket)):
            bucket.code = marshal.loads(code)  # noqa: S302 - as we kept it: see user_cache

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep what was compiled."""
        keep(*_place_of_bucket(bucket), marshal.dumps(bucket.code))


def _place_of_bucket(bucket: Bucket) -> tuple[str, bytes]:
    return f"template-{bucket.key}", key_of((bucket.checksum.encode(), *_compiler_state()))


@cache
def _compiler_state() -> tuple[bytes, ...]:
    """Return all that the code of a template depends on beside its text."""
    settings = Path(__file__).read_bytes()
    return sys.version.encode(), (files("jinja2") / "compiler.py").read_bytes(), settings


@cache  # making the code of the templates takes longer than filling them
def _jinja_environment() -> Environment:
    return Environment(
        loader=FunctionLoader(_template_text),
        bytecode_cache=_CompiledTemplates(),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=shown,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        optimized=False,  # looking for constants takes longer than it saves, for one page
    )


def _template_text(name: str) -> str:
    return (folder("reports") / "templates" / name).read_text("utf-8")


def _digest_of_text(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
