"""The public names of the package: those of ``mailbeacon`` and of the modules on the reference pages.

``python tests/public_names.py`` writes the list of this version; it is done once, when the version is released.
"""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import djangosite

import mailbeacon

__all__ = ["FOLDER", "listed", "public"]

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "tests" / "public_names"


def public() -> list[str]:
    """Return the names there are now, each after its module."""
    djangosite.ready()
    pages = "".join(page.read_text("utf-8") for page in sorted((ROOT / "docs" / "reference").rglob("*.md")))
    modules = sorted({"mailbeacon", *re.findall(r"automodule:: (mailbeacon[a-z_.]*)", pages)})
    return [
        f"{module} {name}"
        for module in modules
        for name in sorted(getattr(importlib.import_module(module), "__all__", ()))
    ]


def listed(version: str) -> list[str]:
    """Return the names a version had."""
    return (FOLDER / f"{version}.txt").read_text("utf-8").splitlines()


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / f"{mailbeacon.__version__}.txt").write_text("\n".join(public()) + "\n", "utf-8")
