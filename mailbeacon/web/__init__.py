"""Doors for web frameworks: each turns the framework's request into ours and our reply into the framework's.

Nothing is decided here. Importing this imports no framework.
"""

from __future__ import annotations

from typing import Protocol

from mailbeacon.model import Reply, Request
from mailbeacon.settings import Settings

__all__ = ["Beacon"]


class Beacon(Protocol):
    """What a door needs of a beacon."""

    @property
    def settings(self) -> Settings:
        """The host's decisions."""

    def handle(self, request: Request) -> Reply:
        """Answer a request and record it; never raises."""
