"""The facade: one object that holds a host's settings and does the whole way out and back."""

from mailbeacon.beacon.facade import Beacon

__all__ = ["Beacon"]
