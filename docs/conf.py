"""Build the documentation offline: ``make docs``. Warnings are errors; nothing is fetched, then or when it is read."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from docutils import nodes
from docutils.utils.math.latex2mathml import tex2mathml

import eupnea

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.writers.html5 import HTML5Translator

os.environ.setdefault("OMP_NUM_THREADS", "1")

project = "eupnea"
author = "The eupnea developers"
copyright = "2026, the eupnea developers"  # noqa: A001 - Sphinx reads this name
version = release = eupnea.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3
exclude_patterns = ["_build"]
source_suffix = {".md": "markdown"}
nitpicky = False
autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
napoleon_google_docstring = False
napoleon_use_rtype = False

html_math_renderer = "mathml"
html_theme = "alabaster"
html_theme_options = {
    "description": "A study pipeline for respiratory and cardiac biometrics",
    "fixed_sidebar": True,
    "page_width": "1080px",
    "body_max_width": "820px",
}
html_static_path = ["_static"]
html_css_files = ["docs.css"]
html_show_sourcelink = False
html_copy_source = False


def setup(app: Sphinx) -> None:
    """Write formulas as MathML: browsers draw it without a script from elsewhere."""
    app.add_html_math_renderer("mathml", (_inline, None), (_display, None))
    app.connect("autodoc-process-docstring", _escape, priority=400)


def _escape(app: Sphinx, what: str, name: str, item: object, options: object, lines: list[str]) -> None:
    """Keep |x| and fitted_ names from being read as markup; before napoleon reads the sections."""
    lines[:] = [re.sub(r"(?<=\w)_(?=[\s,.:;)]|$)", r"\\_", line.replace("|", r"\|")) for line in lines]


def _inline(writer: HTML5Translator, node: nodes.math) -> None:
    writer.body.append(tex2mathml(node.astext()))
    raise nodes.SkipNode


def _display(writer: HTML5Translator, node: nodes.math_block) -> None:
    writer.body.append(f'<div class="formula">{tex2mathml(node.astext(), as_block=True)}</div>')
    raise nodes.SkipNode
