"""Judge events too many for one list: the same steps, and so the same verdicts, over processes or a cluster."""

from __future__ import annotations

__all__: list[str] = []
