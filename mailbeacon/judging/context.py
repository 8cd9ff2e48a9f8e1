"""What else happened near one event, as a rule sees it.

Data only; ``neighbours`` counts it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from mailbeacon.judging.windows import Windows
from mailbeacon.model import Event

__all__ = ["Context", "DeliveryLag"]


class DeliveryLag(IntEnum):
    """How long after the delivery (or, where that is not known, the sending) an event came."""

    UNKNOWN = 0
    BEFORE = 1
    """Before the delivery."""
    INSTANT = 2
    SOON = 3
    EARLY = 4
    LATER = 5
    LATE = 6
    BUSY = 7
    """After ``EARLY``: when scanners come most often."""
    MINUTES = 8
    """After ``BUSY`` and before ``LATER``."""
    QUICK = 9
    """After ``SOON`` and before ``EARLY``: sooner than nearly all scanners."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What else happened near an event.

    Every number counts different things, so an event read twice adds nothing. "The same client" means: of one mail, with
    the same network id, or with the same user agent where addresses are not known.

    Attributes:
        windows: The windows the counts were made with.
        lag: How long after delivery or sending the event came.
        delivered: Whether ``lag`` is counted from a delivery that was reported; else it is from the sending.
        burst: Links the same client followed faster than a hand can; 0 if none were.
        tabs: Links the same client followed within ``windows.burst``, at a pace that a hand can keep; 0 below three.
        moment: Whether the same client followed another link within ``windows.same_moment``; times in whole
            seconds say nothing of that.
        pair: Whether the same client followed another link within ``windows.same_second``.
        covered: Different links of the mail the same client followed within ``windows.coverage``, where those are nearly
            all, or too many; else 0.
        links: How many links the mail has, where that is known; else 0.
        leave: Whether the same client fetched a content link and the unsubscribe link within ``windows.leave``.
        company: Whether a client with the same network and user agent made a machine's hit on this mail nearby in time.
        honeypot: The same of a hidden link's hit.
        near: Whether a machine's hit on this mail nearby in time shares the network or the user agent, but not both.
        gateway: Whether another network followed the same link at nearly one time, through a gateway's rewritten link.
        scattered: Links one user agent followed from several networks faster than a hand can; else 0.
        networks: Networks, with as many user agents, that followed links of the mail at nearly one time; else 0.
        pixel_after: Whether the same user agent fetched the pixel only after a click, within ``windows.pixel_after``.
        trails: Whether a browser fetched the pixel within ``windows.pixel_after`` after a machine's click on the mail.
        detonated: Whether the mail provider whose machines opened the mail also made a machine's click on it nearby.
        opened: Whether a mail program or an image proxy, which names itself, had opened the mail within ``windows.reading``
            before; only of clicks that are no machine's by then.
        scanned: Whether a machine followed a link of the mail, within ``windows.company``; only of clicks that are none.
        mail_client: Whether a known mail client opened the mail from the same network within ``windows.address``.
        recipients: Recipients for whom the same client made hits within ``windows.recipients``; 0 below
            ``windows.recipients_count``, and for networks known to carry many people.
        message: The events of the same message, this one too, within ``windows.horizon``, in order of time; only for
            rules that need the event.
        network: The events with the same network id, this one too; the same otherwise.
    """

    windows: Windows
    lag: DeliveryLag = DeliveryLag.UNKNOWN
    delivered: bool = False
    burst: int = 0
    tabs: int = 0
    moment: bool = False
    pair: bool = False
    covered: int = 0
    links: int = 0
    leave: bool = False
    company: bool = False
    honeypot: bool = False
    near: bool = False
    gateway: bool = False
    scattered: int = 0
    networks: int = 0
    pixel_after: bool = False
    trails: bool = False
    detonated: bool = False
    mail_client: bool = False
    opened: bool = False
    scanned: bool = False
    recipients: int = 0
    message: tuple[Event, ...] = ()
    network: tuple[Event, ...] = ()
