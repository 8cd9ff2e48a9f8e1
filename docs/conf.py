"""How the documentation is built: ``sphinx-build -W docs docs/_build/html``. Report and schemas are made on the way."""

import sys
from pathlib import Path
from typing import Any

import mailbeacon

sys.path[:0] = [str(Path(__file__).parent)]
import django  # noqa: E402
import gallery  # noqa: E402 - they stand beside this file
import schemas  # noqa: E402
from django.conf import settings as django_settings  # noqa: E402

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
autodoc_preserve_defaults = True
suppress_warnings = ["ref.python"]  # two packages may each have an Audience; the text says which


def keep_colon(app: object, what: str, name: str, obj: object, options: object, lines: list[str]) -> None:
    """Keep what stands before a colon in an attribute's meaning: napoleon would take it for the attribute's type."""
    if what in ("attribute", "property", "data") and lines and ": " in lines[0]:
        lines[0] = f": {lines[0]}"


def setup(app: Any) -> None:
    """Have docstrings mended before napoleon reads them."""
    app.connect("autodoc-process-docstring", keep_colon, priority=400)
