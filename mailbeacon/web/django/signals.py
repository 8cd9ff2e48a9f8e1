"""What the app tells others."""

from __future__ import annotations

from django.dispatch import Signal

__all__ = ["event_recorded"]

event_recorded = Signal()
"""Sent after each recorded event, with ``event`` and ``verdict``; the sender is the beacon's class."""
