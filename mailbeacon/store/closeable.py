"""What all stores with something to close have in common."""

from __future__ import annotations

from typing import Self

__all__ = ["Closeable"]


class Closeable:
    """A store that a ``with`` statement closes at its end."""

    def close(self) -> None:
        """Close what is open."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
