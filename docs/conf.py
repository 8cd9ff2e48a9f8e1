"""How the documentation is built: ``sphinx-build -W docs docs/_build/html``. Report and schemas are made on the way."""

import re
import sys
from dataclasses import MISSING, Field, fields
from enum import Enum
from pathlib import Path
from typing import Any

import mailbeacon
from mailbeacon.settings import Settings

sys.path[:0] = [str(Path(__file__).parent)]
import cross_links  # noqa: E402 - they stand beside this file
import django  # noqa: E402
import gallery  # noqa: E402
import schemas  # noqa: E402
from django.conf import settings as django_settings  # noqa: E402
from docutils import nodes  # noqa: E402
from docutils.parsers.rst import Directive  # noqa: E402
from docutils.statemachine import StringList  # noqa: E402

if not django_settings.configured:  # models cannot be imported before
    django_settings.configure(INSTALLED_APPS=["mailbeacon.web.django"], DATABASES={})
    django.setup()

project = "mailbeacon"
author = "the mailbeacon contributors"
copyright = "2026, the mailbeacon contributors"
release = version = mailbeacon.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build"]
html_theme = "furo"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_theme_options = {"top_of_page_buttons": []}
gallery.write()
schemas.write()
html_title = f"mailbeacon {release}"

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3

napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_custom_sections = ["Source"]
napoleon_use_ivar = True
autodoc_default_options = {"members": True, "show-inheritance": True}
autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
python_maximum_signature_line_length = 100
autodoc_preserve_defaults = True
suppress_warnings = ["ref.python"]  # two packages may each have an Audience; the text says which


def typed(
    app: object, what: str, name: str, obj: object, options: object, said: str, returns: str
) -> tuple[str, str] | None:
    """Show the types and defaults of the settings as they stand in the source."""
    if name != "mailbeacon.settings.Settings":
        return None
    return f"(*, {', '.join(f'{one.name}: {one.type}' + shown_default(one) for one in fields(Settings))})", ""


def shown_default(one: Field[Any]) -> str:
    """Return how a setting's default stands in a signature; empty where there is none."""
    if one.default is MISSING:
        return "" if one.default_factory is MISSING else " = {}"
    if isinstance(one.default, Enum):
        return f" = {type(one.default).__name__}.{one.default.name}"
    return f" = {'...' if callable(one.default) else repr(one.default).removeprefix('datetime.')}"


def keep_colon(app: object, what: str, name: str, obj: object, options: object, lines: list[str]) -> None:
    """Keep what stands before a colon in an attribute's meaning: napoleon would take it for the attribute's type."""
    if what in ("attribute", "property", "data") and lines and ": " in lines[0]:
        lines[0] = f": {lines[0]}"


class Names(Directive):
    """What a module offers: the names that a host uses first, in this order; or, as ``inside``, all others."""

    required_arguments = 1
    has_content = True

    def run(self) -> list[nodes.Node]:
        module = self.arguments[0]
        first = " ".join(self.content).replace(",", " ").split()
        if self.name == "inside":
            page = (Path(__file__).parent / f"reference/package/{module.split('.')[1]}.md").read_text("utf-8")
            shown = re.search(rf"names:: {re.escape(module)}\n\n((?: +[^\n]+\n)+)", page)
            first = cross_links.others(module, shown[1].replace(",", " ").split() if shown else [])
        lines = cross_links.directives(module, first)
        holder = nodes.container()
        self.state.nested_parse(StringList(lines, module), self.content_offset, holder)
        return holder.children


MENDS = {
    "<pre>": '<pre tabindex="0">',  # wide code scrolls, and must by the keyboard too
    'role="heading">': 'role="heading" aria-level="2">',
    '<div class="table-wrapper': '<div tabindex="0" class="table-wrapper',  # and so do wide tables
    '<aside class="sidebar-drawer">': '<aside class="sidebar-drawer" aria-label="All pages">',
    '<aside class="toc-drawer">': '<aside class="toc-drawer" aria-label="On this page">',
}
"""What the theme leaves to be mended for those who use a keyboard or hear the page; axe-core found it."""


def mend(app: Any, failed: Exception | None) -> None:
    """Mend the pages that were written."""
    if failed is None and app.builder.format == "html":
        for page in Path(app.outdir).rglob("*.html"):
            found = page.read_text("utf-8")
            made = found
            for old, new in MENDS.items():
                made = made.replace(old, new)
            if made != found:
                page.write_text(made, "utf-8")


def setup(app: Any) -> None:
    """Have docstrings mended before napoleon reads them, and pages after they are written."""
    app.connect("autodoc-process-signature", typed)
    app.add_directive("names", Names)
    app.add_directive("inside", Names)
    app.connect("doctree-read", cross_links.mark_rows)
    app.connect("doctree-resolved", cross_links.link_words)
    app.connect("autodoc-process-docstring", keep_colon, priority=400)
    app.connect("build-finished", mend)
