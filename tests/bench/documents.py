"""The four documents that speed is measured on: S, M, L and XL of the shared corpus."""

from __future__ import annotations

from pathlib import Path

__all__ = ["SIZES", "documents"]

SIZES = ("S", "M", "L", "XL")


def documents(shared: Path, *sizes: str) -> dict[str, str]:
    """Return the documents by their size's name, all four when none is named, line ends as they are."""
    folder = shared / "corpus" / "bench"
    return {size: (folder / f"{size}.html").read_bytes().decode("utf-8") for size in sizes or SIZES}
