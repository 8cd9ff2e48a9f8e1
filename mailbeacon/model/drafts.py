"""Frozen data made fast: a twin of a class, with the same slots, that may still be written to.

A draft becomes the record by ``draft.__class__ = Record``, in a fifth of the time that a frozen class takes to set as
many fields. It checks nothing: what is put into it was checked before, and every field must be set.
"""

from __future__ import annotations

from typing import Any

__all__ = ["draft_of"]


def draft_of(cls: type) -> type[Any]:
    """Give the twin of a frozen, slotted data class."""
    return type(f"{cls.__name__}Draft", cls.__bases__, {"__slots__": vars(cls)["__slots__"]})
