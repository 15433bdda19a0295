"""How Sphinx builds the handbook: Markdown by MyST, the look of furo, formulas as MathML; nothing from another host."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docutils.nodes import Element, SkipNode
from docutils.utils.math.latex2mathml import tex2mathml
from pygments.lexers.special import TextLexer

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

import generate  # noqa: E402  # the folder of this file is on the path only now

from flowsim.version import __version__  # noqa: E402

if TYPE_CHECKING:
    from sphinx.application import Sphinx

project = "flowsim"
author = "the flowsim founders"
copyright = "2026, the flowsim founders"  # noqa: A001  # Sphinx's name for it
version = release = __version__
language = "en"

extensions = ["myst_parser", "sphinx.ext.autodoc"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["README.md"]
myst_enable_extensions = ["dollarmath", "colon_fence", "deflist"]
myst_heading_anchors = 3
# A word in backticks in a docstring is code, as in Markdown.
default_role = "code"
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_preserve_defaults = True
toc_object_entries = False
nitpicky = False

html_theme = "furo"
html_title = f"flowsim {version}"
html_static_path = ["static"]
html_css_files = ["flowsim.css"]
html_show_sourcelink = False
html_copy_source = False
html_math_renderer = "mathml"
html_theme_options = {"source_repository": "", "footer_icons": []}


def _formula(inline: bool) -> Any:
    def visit(translator: Any, node: Element) -> None:
        translator.body.append(f"{'' if inline else '<div class=formula>'}{tex2mathml(node.astext(), as_block=not inline)}{'' if inline else '</div>'}")  # fmt: skip
        raise SkipNode

    return visit


def _no_signature(
    app: Sphinx, what: str, name: str, thing: Any, options: Any, signature: str | None, *rest: Any
) -> tuple[str, str] | None:
    """Classes are handed out by functions, never built by hand: their arguments say nothing to a reader."""
    return ("", "") if signature and what in ("class", "exception") else None


def _write_generated(app: Sphinx) -> None:
    generate.write_all(HERE)


def setup(app: Sphinx) -> None:
    """Tell Sphinx about formulas and about the pages that are made from the program itself."""
    app.add_html_math_renderer("mathml", inline_renderers=(_formula(True), None), block_renderers=(_formula(False), None))  # fmt: skip
    app.add_lexer("csv", TextLexer)
    app.connect("autodoc-process-signature", _no_signature)
    app.connect("builder-inited", _write_generated)
