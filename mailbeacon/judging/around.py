"""What else happened near one event, as a rule sees it.

Holds data only; ``neighbours`` counts it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from mailbeacon.judging.windows import Windows
from mailbeacon.model import Event

__all__ = ["Around", "Wait"]


class Wait(IntEnum):
    """How long after the delivery (or, where that is not known, the sending) an event came."""

    UNKNOWN = 0
    BEFORE = 1
    """Before the delivery."""
    INSTANT = 2
    SOON = 3
    EARLY = 4
    LATER = 5
    LATE = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """Tell a rule what else happened near an event.

    Every number counts different things, so an event read twice adds nothing.

    Attributes:
        windows: The windows the counts were made with.
        wait: How long after delivery or sending the event came.
        burst: Links the same client followed within ``windows.burst``, faster than a hand can; 0 if none were.
        tabs: The same at a pace that a hand can keep; 0 below ``windows.burst_links``.
        moment: Whether the same client followed another link within ``windows.same_moment``, closer than a hand can;
            times in whole seconds say nothing of that.
        pair: Whether the same client followed another link within ``windows.same_second``.
        covered: The number of the mail's links, all followed by the same client at no person's pace; else 0.
        covered_slowly: The same within ``windows.coverage``.
        networks: Networks that clicked on the message within ``windows.networks``, each without a burst of its own; 0
            below ``windows.networks_count``.
        leave: Whether the same client fetched a content link and the unsubscribe link within ``windows.leave``.
        company: Whether the event belongs to a burst by its network or user agent.
        trap: Whether the same client followed a hidden link of the mail within ``windows.honeypot``.
        pixel_after: Whether the same agent fetched the pixel only after a click, within ``windows.pixel_after``.
        recipients: Recipients for whom the same network made hits within ``windows.recipients``; 0 below
            ``windows.recipients_count``, and for networks known to carry many people.
        message: The events of the same message, this one too, within ``windows.horizon``, in order of time; only for
            rules that need the event.
        network: The events with the same network id, this one too; the same otherwise.
    """

    windows: Windows
    wait: Wait = Wait.UNKNOWN
    burst: int = 0
    tabs: int = 0
    moment: bool = False
    pair: bool = False
    covered: int = 0
    covered_slowly: int = 0
    networks: int = 0
    leave: bool = False
    company: bool = False
    trap: bool = False
    pixel_after: bool = False
    recipients: int = 0
    message: tuple[Event, ...] = ()
    network: tuple[Event, ...] = ()
