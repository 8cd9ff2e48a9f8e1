"""The rules over what else happened: to the same mail, and from the same network.

Reads what ``Context`` counts. Bursts, coverage, pairs and company tell of the same thing, so they are one family. Rules for
the actor ``UNKNOWN`` only cast doubt: what they see has an innocent reading that nobody can exclude, such as a mail that was
sent on.
"""

# ruff: noqa: ARG001 -- every check has the same shape, and few need both arguments

from __future__ import annotations

from datetime import timedelta

from mailbeacon.judging.agent import WORN
from mailbeacon.judging.context import Context, DeliveryLag
from mailbeacon.judging.rules import FOLLOWS, OPENS, Needs, Rule, rule
from mailbeacon.model import Actor, Event, Kind, NetworkKind

__all__ = ["BEHAVIOUR_RULES"]

_SERVERS = frozenset({NetworkKind.HOSTING, NetworkKind.MAIL, NetworkKind.SECURITY})


@rule(
    family="burst",
    weight=6.5,
    source="Leo, Mautic issue 16263; craft-campaign issue 546: 10 links in under 1 s, 2025",
    kinds=FOLLOWS,
    needs=Needs.CONTEXT,
)
def burst(event: Event, context: Context) -> str:
    """See that one client followed several links of the mail faster than a hand can."""
    if not context.burst:
        return ""
    return f"the same client followed {context.burst} links of the mail faster than a hand can"


@rule(
    family="burst",
    weight=7.5,
    source="CustomerMinds, all links clicked, 2026; measured on made-up patient scanners, 4 to 30 s a link, 2026",
    kinds=FOLLOWS,
    needs=Needs.CONTEXT,
)
def coverage(event: Event, context: Context) -> str:
    """See that one client followed nearly all links of a mail that has many, or very many where their number is not known."""
    if not context.covered:
        return ""
    of = f" of the mail's {context.links} links" if context.links else " different links of the mail"
    return f"the same client followed {context.covered}{of} within {_span(context.windows.coverage)}"


@rule(
    family="burst",
    weight=0.7,
    source="Trend Micro, Phish Insight: three clicks in 3 s are a maybe, 2026; people open tabs so",
    kinds=FOLLOWS,
    needs=Needs.CONTEXT,
)
def tabs(event: Event, context: Context) -> str:
    """See that one client followed several links of the mail within seconds, as somebody does who opens tabs."""
    if not context.tabs:
        return ""
    return f"the same client followed {context.tabs} links of the mail within {_span(context.windows.burst)}"


@rule(
    family="burst",
    weight=4.8,
    source="craft-campaign issue 546: 10 links in under 1 s, 2025",
    kinds=FOLLOWS,
    needs=Needs.CONTEXT,
)
def same_moment(event: Event, context: Context) -> str:
    """See that one client followed two links closer together than a hand can (where times are finer than seconds)."""
    return "the same client followed another link at the same moment" if context.moment else ""


@rule(
    family="burst",
    weight=0.6,
    source="Marketo, two activities of one mail in the same second, 2026; people open tabs so",
    kinds=FOLLOWS,
    needs=Needs.CONTEXT,
)
def same_second(event: Event, context: Context) -> str:
    """See that one client followed two links within a second."""
    return "the same client followed another link within a second" if context.pair else ""


@rule(
    family="burst",
    weight=5.2,
    source="hackwestern issue 846: 489 of 497 unsubscribes were a scanner, 2023",
    kinds=FOLLOWS,
    needs=Needs.CONTEXT,
)
def unsubscribe_pair(event: Event, context: Context) -> str:
    """See that one client fetched the unsubscribe page and a content link together."""
    return "the same client fetched the unsubscribe page and a content link together" if context.leave else ""


@rule(
    family="burst",
    weight=6.0,
    source="craft-campaign issue 546, pixel 9 s after the burst; warmbly issue 410; WhiteBeard, HEAD then GET, 2026",
    needs=Needs.CONTEXT,
)
def machine_company(event: Event, context: Context) -> str:
    """See that a client with the same network and user agent made a machine's click on this mail nearby in time."""
    return "the same client made a machine's click on this mail nearby in time" if context.company else ""


@rule(
    family="honeypot", weight=6.0, source="MassMailer, everything near a hidden link's hit, 2026", needs=Needs.CONTEXT
)
def honeypot_near(event: Event, context: Context) -> str:
    """See that the same client followed a hidden link of the mail nearby in time."""
    return "the same client followed a link of this mail that no person can see" if context.honeypot else ""


@rule(
    family="burst",
    weight=4.5,
    source="Mautic plug-in, three addresses within 30 s, 2025; opencollective issue 3656, old Chromes, 2021",
    kinds=FOLLOWS,
    needs=Needs.CONTEXT,
)
def many_networks_worn(event: Event, context: Context) -> str:
    """See that several networks followed links of the mail at nearly one time, this one with a browser long given up."""
    if not context.networks or event.facts.hints.isdisjoint(WORN):
        return ""
    return f"{context.networks} networks followed links of this mail at nearly one time, here with an outdated browser"


@rule(
    family="burst",
    weight=2.5,
    source="some scanners scatter a visit over many addresses: mautic issue 16263, 2025; people's VPNs do not, inferred, 2026",
    kinds=FOLLOWS,
    needs=Needs.CONTEXT,
)
def scattered_rented(event: Event, context: Context) -> str:
    """See that one user agent followed links of the mail from several rented servers, faster than a hand can."""
    if not context.scattered or event.facts.network.kind is not NetworkKind.HOSTING:
        return ""
    return f"one user agent followed {context.scattered} links of the mail from rented servers, faster than a hand can"


@rule(
    family="burst",
    weight=6.5,
    source="Microsoft, Safe Links page, 2026; warmbly issue 410, the same machines open and click, 2025",
    kinds=OPENS,
    needs=Needs.CONTEXT,
)
def detonation(event: Event, context: Context) -> str:
    """See that a mail provider's machines that visited a link of the mail opened it too."""
    return "the mail provider's machines that followed a link of this mail opened it too" if context.detonated else ""


@rule(
    family="desktop",
    weight=-4.0,
    source="scanners pose as browsers, not as mail clients: Mautic issue 16263, 2025; cloud desktops are people's",
    kinds=FOLLOWS,
    needs=Needs.CONTEXT,
)
def mail_client_beside(event: Event, context: Context) -> str:
    """See that a mail client opened the mail from the same rented address, as on a desktop in the cloud."""
    return "a mail client opened the mail from the same address" if context.mail_client else ""


@rule(
    family="reading",
    weight=-2.5,
    source="people open a mail before they follow its links; scanners fetch the pixel after: craft-campaign issue 546, 2025",
    kinds=FOLLOWS,
    needs=Needs.CONTEXT,
)
def opened_before(event: Event, context: Context) -> str:
    """See that a mail program or an image proxy had opened the mail a little before, and the click is from no server's network."""
    if not context.opened or context.gateway or event.facts.network.kind in _SERVERS:
        return ""
    return f"a mail program had opened the mail within {_span(context.windows.reading)} before"


@rule(
    family="doubt",
    weight=4.0,
    source="craft-campaign issue 546: of 836 bursts half start between 20 and 43 s after the sending, 2025",
    kinds=frozenset({Kind.CLICK}),
    actor=Actor.UNKNOWN,
    needs=Needs.CONTEXT,
)
def busy_moment(event: Event, context: Context) -> str:
    """See that a link was followed when most scanners come, no mail program had opened the mail and no machine was seen at it."""
    if event.facts.networks or context.lag is not DeliveryLag.BUSY or context.opened or context.scanned:
        return ""
    since = "delivery" if context.delivered else "sending"
    when = f"{_span(context.windows.early)} to {_span(context.windows.busy)}"
    return f"it came when most scanners come, {when} after the {since}, and no mail program had opened the mail"


@rule(
    family="doubt",
    weight=2.8,
    source="Trend Micro, Phish Insight: one address on several users, 2026; an office of hundreds may be as quick",
    kinds=FOLLOWS,
    actor=Actor.UNKNOWN,
    needs=Needs.CONTEXT,
)
def many_recipients(event: Event, context: Context) -> str:
    """See that one network followed links of many recipients' mails at a machine's pace."""
    if not context.recipients:
        return ""
    return f"the same network followed links of {context.recipients} recipients' mails at a machine's pace"


@rule(
    family="source",
    weight=0.7,
    source="Trend Micro, Phish Insight: one address on several users, 2026",
    kinds=OPENS,
    needs=Needs.CONTEXT,
)
def many_recipients_open(event: Event, context: Context) -> str:
    """See that one network opened many recipients' mails at a machine's pace."""
    if not context.recipients:
        return ""
    return f"the same network made hits on {context.recipients} recipients' mails at a machine's pace"


@rule(
    family="doubt",
    weight=4.9,
    source="Mautic plug-in, three addresses within 30 s, 2025; people who were sent the mail on do so too",
    kinds=FOLLOWS,
    actor=Actor.UNKNOWN,
    needs=Needs.CONTEXT,
)
def many_networks(event: Event, context: Context) -> str:
    """See that several networks, each with a user agent of its own, followed links of one mail at nearly one time."""
    return f"{context.networks} networks followed links of this mail at nearly one time" if context.networks else ""


@rule(
    family="doubt",
    weight=5.0,
    source="some scanners scatter a visit over many addresses: mautic issue 16263, 2025; so can whoever holds a copy",
    kinds=FOLLOWS,
    actor=Actor.UNKNOWN,
    needs=Needs.CONTEXT,
)
def scattered(event: Event, context: Context) -> str:
    """See that one user agent followed links of the mail from several networks, faster than a hand can."""
    if not context.scattered:
        return ""
    return (
        f"one user agent followed {context.scattered} links of the mail from several networks, faster than a hand can"
    )


@rule(
    family="doubt",
    weight=5.0,
    source="MassMailer, everything near a hidden link's hit, 2026; a reader may share an address or an agent with a scanner",
    actor=Actor.UNKNOWN,
    needs=Needs.CONTEXT,
)
def machine_near(event: Event, context: Context) -> str:
    """See that a machine's click on the mail nearby in time shares the network or the user agent, but not both."""
    if not context.near:
        return ""
    return "what looks like a machine's click on this mail, nearby in time, shares its network or its user agent"


@rule(
    family="doubt",
    weight=5.0,
    source="Microsoft, Safe Links page, 2026; resend-node issue 901, 12 s after the person, from elsewhere, 2025",
    kinds=FOLLOWS,
    actor=Actor.UNKNOWN,
    needs=Needs.CONTEXT,
)
def gateway_beside(event: Event, context: Context) -> str:
    """See that another network followed the same link at nearly one time, through the link that a gateway had rewritten."""
    if not context.gateway:
        return ""
    return "somebody else followed the same link at nearly one time through a gateway, which looks at it then, too"


@rule(
    family="doubt",
    weight=3.3,
    source="craft-campaign issue 546: the pixel a median of 9 s after the links, 2025; readers may allow images late",
    kinds=OPENS,
    actor=Actor.UNKNOWN,
    needs=Needs.CONTEXT,
)
def pixel_after(event: Event, context: Context) -> str:
    """See that one agent followed a link first and fetched the pixel afterwards."""
    return "the same user agent followed a link first and fetched the pixel afterwards" if context.pixel_after else ""


@rule(
    family="doubt",
    weight=3.3,
    source="craft-campaign issue 546: the pixel a median of 9 s after the links, 2025; Outlook.com loads images for readers, too",
    kinds=OPENS,
    actor=Actor.UNKNOWN,
    needs=Needs.CONTEXT,
)
def unasked_pixel(event: Event, context: Context) -> str:
    """See that a nameless browser fetched the pixel soon after a machine's click, and no network data was asked whose it is."""
    if not context.trails or event.facts.networks:
        return ""
    return "it came soon after a machine's click on this mail, and no network data was asked"


def _span(window: timedelta) -> str:
    seconds = window.total_seconds()
    if seconds >= 120 and not seconds % 60:
        return f"{seconds / 60:g} minutes"
    return "1 second" if seconds == 1 else f"{seconds:g} seconds"


BEHAVIOUR_RULES: tuple[Rule, ...] = (
    burst,
    coverage,
    tabs,
    same_moment,
    same_second,
    unsubscribe_pair,
    machine_company,
    honeypot_near,
    many_networks_worn,
    scattered_rented,
    detonation,
    mail_client_beside,
    opened_before,
    busy_moment,
    many_recipients,
    many_recipients_open,
    many_networks,
    scattered,
    machine_near,
    gateway_beside,
    pixel_after,
    unasked_pixel,
)
