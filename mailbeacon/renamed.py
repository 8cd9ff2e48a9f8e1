"""What stands for the names of an older version, with a warning that says the new one.

Knows no name itself: each module has a table of its own.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from importlib import import_module

__all__ = ["renamed", "warn_renamed"]


def renamed(
    module: str, new_names: Mapping[str, str], otherwise: Callable[[str], object] | None = None
) -> Callable[[str], object]:
    """Return a module's ``__getattr__``: it finds what an old name stood for under its new one.

    Args:
        module: The module's own name.
        new_names: The new name for each old one, with its module where that is another.
        otherwise: What else finds names, and raises ``AttributeError`` for those that there are not.
    """

    def find(name: str) -> object:
        if name in new_names:
            warn_renamed(f"{module}.{name}", new_names[name])
            home, _, new = new_names[name].rpartition(".")
            return getattr(import_module(home or module), new)
        if otherwise is not None:
            return otherwise(name)
        raise AttributeError(f"module {module!r} has no attribute {name!r}")

    return find


def warn_renamed(old: str, new: str) -> None:
    """Warn whoever called the caller that a name goes."""
    warnings.warn(f"{old} is deprecated and goes with 0.4: use {new}", DeprecationWarning, stacklevel=3)
