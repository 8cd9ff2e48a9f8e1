"""The rules over what else happened: to the same message, and from the same network.

Reads what ``Around`` counts. Bursts, coverage, pairs and company tell of the same thing, so they are one family.
"""

# ruff: noqa: ARG001 -- every check has the same shape, and few need both arguments

from __future__ import annotations

from datetime import timedelta

from mailbeacon.judging.around import Around
from mailbeacon.judging.rules import FOLLOWS, OPENS, Needs, Rule, rule
from mailbeacon.model import Event

__all__ = ["BEHAVIOUR_RULES"]


@rule(
    family="burst",
    weight=4.2,
    source="Leo, Mautic issue 16263; craft-campaign issue 546: 10 links in under 1 s, 2025",
    kinds=FOLLOWS,
    needs=Needs.AROUND,
)
def burst(event: Event, around: Around) -> str:
    """See that one client followed several links of the mail at once, faster than a hand can."""
    if not around.burst:
        return ""
    within = _seconds(around.windows.burst)
    return f"the same client followed {around.burst} links of the mail within {within}, faster than a hand can"


@rule(
    family="burst",
    weight=1.7,
    source="Trend Micro, Phish Insight: three clicks in 3 s are a maybe, 2026; people open tabs so",
    kinds=FOLLOWS,
    needs=Needs.AROUND,
)
def tabs(event: Event, around: Around) -> str:
    """See that one client followed several links of the mail within seconds, as somebody does who opens tabs."""
    if not around.tabs:
        return ""
    within = _seconds(around.windows.burst)
    return f"the same client followed {around.tabs} links of the mail within {within}"


@rule(family="burst", weight=3.2, source="CustomerMinds, all links clicked, 2026", kinds=FOLLOWS, needs=Needs.AROUND)
def coverage(event: Event, around: Around) -> str:
    """See that one client followed every link of the mail, faster than a person reads."""
    if not around.covered:
        return ""
    return f"the same client followed all links of the mail ({around.covered}), faster than a person reads"


@rule(
    family="burst",
    weight=0.8,
    source="CustomerMinds, all links clicked, 2026; people do so too",
    kinds=FOLLOWS,
    needs=Needs.AROUND,
)
def coverage_slow(event: Event, around: Around) -> str:
    """See that one client followed every link of the mail within a minute or so."""
    if not around.covered_slowly:
        return ""
    within = _seconds(around.windows.coverage)
    return f"the same client followed all links of the mail ({around.covered_slowly}) within {within}"


@rule(
    family="burst",
    weight=2.4,
    source="craft-campaign issue 546: 10 links in under 1 s, 2025",
    kinds=FOLLOWS,
    needs=Needs.AROUND,
)
def same_moment(event: Event, around: Around) -> str:
    """See that one client followed two links closer together than a hand can (where times are finer than seconds)."""
    return "the same client followed another link at the same moment" if around.moment else ""


@rule(
    family="burst",
    weight=1.1,
    source="Marketo, two activities of one mail in the same second, 2026; people open tabs so",
    kinds=FOLLOWS,
    needs=Needs.AROUND,
)
def same_second(event: Event, around: Around) -> str:
    """See that one client followed two links within a second."""
    return "the same client followed another link within a second" if around.pair else ""


@rule(
    family="burst",
    weight=2.6,
    source="hackwestern issue 846: 489 of 497 unsubscribes were a scanner, 2023",
    kinds=FOLLOWS,
    needs=Needs.AROUND,
)
def unsubscribe_pair(event: Event, around: Around) -> str:
    """See that one client fetched the unsubscribe page and a content link together."""
    return "the same client fetched the unsubscribe page and a content link together" if around.leave else ""


@rule(
    family="burst",
    weight=2.4,
    source="Mautic plug-in, three addresses within 30 s, 2025; people who were sent the mail on do so too",
    kinds=FOLLOWS,
    needs=Needs.AROUND,
)
def many_networks(event: Event, around: Around) -> str:
    """See that several networks followed links of one mail at nearly the same time."""
    if not around.networks:
        return ""
    within = _seconds(around.windows.networks)
    return f"{around.networks} networks followed links of this one mail within {within}"


@rule(
    family="burst",
    weight=3.4,
    source="craft-campaign issue 546, pixel 9 s after the burst; warmbly issue 410, 2025",
    needs=Needs.AROUND,
)
def burst_company(event: Event, around: Around) -> str:
    """See that the client of a burst made this request too."""
    return "the client that made a burst on this mail made this request too" if around.company else ""


@rule(
    family="burst",
    weight=2.8,
    source="craft-campaign issue 546: the pixel a median of 9 s after the links, 2025",
    kinds=OPENS,
    needs=Needs.AROUND,
)
def pixel_after(event: Event, around: Around) -> str:
    """See that one agent followed a link first and fetched the pixel afterwards."""
    return "the same agent followed a link first and fetched the pixel afterwards" if around.pixel_after else ""


@rule(family="trap", weight=4.0, source="MassMailer, everything near a hidden link's hit, 2026", needs=Needs.AROUND)
def honeypot_near(event: Event, around: Around) -> str:
    """See that the same client followed a hidden link of the mail nearby in time."""
    return "the same client followed a link of this mail that no person can see" if around.trap else ""


@rule(
    family="source",
    weight=1.4,
    source="Trend Micro, Phish Insight: one address on several users, 2026",
    kinds=FOLLOWS,
    needs=Needs.AROUND,
)
def many_recipients(event: Event, around: Around) -> str:
    """See that one network followed links of several recipients' mails at a machine's pace."""
    if not around.recipients:
        return ""
    return f"the same network followed links of {around.recipients} recipients' mails at a machine's pace"


@rule(
    family="source",
    weight=0.7,
    source="Trend Micro, Phish Insight: one address on several users, 2026",
    kinds=OPENS,
    needs=Needs.AROUND,
)
def many_recipients_open(event: Event, around: Around) -> str:
    """See that one network opened several recipients' mails at a machine's pace."""
    if not around.recipients:
        return ""
    return f"the same network opened {around.recipients} recipients' mails at a machine's pace"


def _seconds(window: timedelta) -> str:
    count = window.total_seconds()
    return "1 second" if count == 1 else f"{count:g} seconds"


BEHAVIOUR_RULES: tuple[Rule, ...] = (
    burst,
    tabs,
    coverage,
    coverage_slow,
    same_moment,
    same_second,
    unsubscribe_pair,
    many_networks,
    burst_company,
    pixel_after,
    honeypot_near,
    many_recipients,
    many_recipients_open,
)
