"""The rules on whose network an event came from.

Reads nothing of an event but its kind and its facts' network, and where none was asked how soon it came.
"""

# ruff: noqa: ARG001 -- every check has the same shape, and few need both arguments

from __future__ import annotations

from mailbeacon.judging.context import Context, DeliveryLag
from mailbeacon.judging.rules import FOLLOWS, OPENS, Needs, Rule, rule
from mailbeacon.model import Actor, AgentKind, Event, Hint, Kind, NetworkKind

__all__ = ["ORIGIN_RULES", "is_provider"]

MAIL_PROVIDERS = ("apple", "google", "microsoft", "yahoo")
"""Operators whose image proxies name themselves: such a proxy is theirs, whatever else the network is used for."""
_NAME_THEMSELVES = ("google", "yahoo")
"""Operators whose image proxies always name themselves. Source: Google's image proxy, 2013; Yahoo's page, 2026."""
_LOADS_FROM_CLOUD = "microsoft"
"""Outlook.com's proxy has no name, and comes from somewhere at Microsoft: an open from there is no machine's for it."""
_MINUTES = (DeliveryLag.BUSY, DeliveryLag.MINUTES)
_READERS = frozenset({AgentKind.BROWSER, AgentKind.MAIL_CLIENT})


def is_provider(event: Event) -> bool:
    """Check whether a mail provider's own servers made the request, whatever else it rents out."""
    network = event.facts.network
    return network.kind is NetworkKind.MAIL or network.operator.casefold().startswith(MAIL_PROVIDERS)


def _loads_from_cloud(event: Event) -> bool:
    """Check whether an open came from the rented servers of a provider whose proxy is among them."""
    network = event.facts.network
    return network.kind is NetworkKind.HOSTING and network.operator.casefold().startswith(_LOADS_FROM_CLOUD)


def _by(event: Event) -> str:
    operator = event.facts.network.operator
    return f" ({operator})" if operator else ""


@rule(
    family="network",
    weight=3.7,
    source="Mautic issue 16263, resend-node issue 901, opencollective issue 3656, 2025",
    kinds=FOLLOWS,
    needs=Needs.FACTS,
)
def hosting_click(event: Event, context: Context) -> str:
    """See that a link was followed from rented servers."""
    if event.facts.network.kind is not NetworkKind.HOSTING or Hint.SEC_FETCH_USER in event.facts.hints:
        return ""
    return f"it came from rented servers{_by(event)}"


@rule(
    family="network",
    weight=4.4,
    source="Mautic issue 16263, 2025; people on cloud desktops and security proxies come so too, inferred, 2026",
    kinds=FOLLOWS,
    needs=Needs.FACTS,
)
def hosting_gesture(event: Event, context: Context) -> str:
    """See that a link was followed from rented servers, by a browser that says a person's gesture began the visit."""
    if event.facts.network.kind is not NetworkKind.HOSTING or Hint.SEC_FETCH_USER not in event.facts.hints:
        return ""
    return f"it came from rented servers{_by(event)}, where browsers that people use are rare"


@rule(
    family="network",
    weight=6.2,
    source="Microsoft, Safe Links page, 2026; warmbly pull request 412, 2025",
    kinds=FOLLOWS,
    needs=Needs.FACTS,
)
def mail_network_click(event: Event, context: Context) -> str:
    """See that a mail provider's own machines followed a link, where a person's browser would."""
    if event.facts.network.kind is not NetworkKind.MAIL:
        return ""
    return f"a mail provider's own machines{_by(event)} followed the link, where a person's browser would"


@rule(
    family="network",
    weight=4.5,
    source="Mautic issue 16263, 2025; calibrated on simulated traffic, 2026",
    kinds=OPENS,
    needs=Needs.FACTS,
)
def hosting_open(event: Event, context: Context) -> str:
    """See that an open came from rented servers that are no mail provider's."""
    if event.facts.network.kind is not NetworkKind.HOSTING or _loads_from_cloud(event):
        return ""
    return "" if event.facts.agent is AgentKind.MAIL_CLIENT else f"it came from rented servers{_by(event)}"


@rule(
    family="network",
    weight=1.7,
    source="scanners pose as browsers: Mautic issue 16263, 2025; mail clients run on desktops in the cloud, inferred, 2026",
    kinds=OPENS,
    needs=Needs.FACTS,
)
def hosting_mail_client(event: Event, context: Context) -> str:
    """See that a mail client opened the mail on rented servers, as on a desktop in the cloud."""
    facts = event.facts
    if facts.network.kind is not NetworkKind.HOSTING or facts.agent is not AgentKind.MAIL_CLIENT:
        return ""
    return "" if _loads_from_cloud(event) else f"it came from rented servers{_by(event)}, where mail clients are rare"


@rule(
    family="network",
    weight=-1.0,
    source="Outlook.com loads images itself: warmbly pull request 412, 2025",
    kinds=OPENS,
    actor=Actor.IMAGE_PROXY,
    needs=Needs.FACTS,
    named=True,
)
def mail_network_open(event: Event, context: Context) -> str:
    """See that an open came from a mail provider's own machines, which load images for people, with any user agent."""
    if event.facts.network.kind is not NetworkKind.MAIL or event.facts.agent is AgentKind.MAIL_CLIENT:
        return ""
    if _is_nameless(event):
        return ""
    return f"a mail provider's own machines{_by(event)} loaded it, as they do when a person opens a mail"


@rule(
    family="doubt",
    weight=2.0,
    source="Gmail's and Yahoo's proxies name themselves, 2026; what else comes from their networks is not known",
    kinds=OPENS,
    actor=Actor.UNKNOWN,
    needs=Needs.FACTS,
)
def nameless_open(event: Event, context: Context) -> str:
    """See that an open came from a mail provider's network without the name its image proxy always gives."""
    if event.facts.network.kind is not NetworkKind.MAIL or not _is_nameless(event):
        return ""
    return f"it came from a mail provider's network{_by(event)} without the name its image proxy always gives"


def _is_nameless(event: Event) -> bool:
    """Check whether the operator's proxy would have named itself, and this did not."""
    facts = event.facts
    unnamed = facts.agent in (AgentKind.BROWSER, AgentKind.UNKNOWN)
    return unnamed and facts.network.operator.casefold().startswith(_NAME_THEMSELVES)


@rule(family="network", weight=5.0, source="security vendors' own ranges, 2026", needs=Needs.FACTS)
def security_network(event: Event, context: Context) -> str:
    """See that a request came from a security vendor's network."""
    kind = event.facts.network.kind
    return f"it came from a security vendor's network{_by(event)}" if kind is NetworkKind.SECURITY else ""


@rule(
    family="network",
    weight=-1.6,
    source="Apple, egress-ip-ranges.csv; Zscaler, published ranges, 2026",
    needs=Needs.FACTS,
)
def people_network(event: Event, context: Context) -> str:
    """See that a request came through a relay or an office's proxy, which carry people."""
    if event.facts.network.kind in (NetworkKind.RELAY, NetworkKind.CORPORATE_PROXY):
        return "it came through a relay or an office's proxy, which carry people"
    return ""


@rule(
    family="network",
    weight=-1.1,
    source="calibrated on simulated traffic, 2026: of lone machines some six in ten come from networks that lists have",
    needs=Needs.FACTS,
)
def ordinary_network(event: Event, context: Context) -> str:
    """See that a browser or mail client came from a network that no list has (where one was asked)."""
    facts = event.facts
    if facts.agent not in _READERS or not facts.networks:
        return ""
    if facts.network.kind is NetworkKind.UNKNOWN:
        return "it came from no network that is known for its machines"
    if event.kind is Kind.OPEN and _loads_from_cloud(event):
        return "it came from a network whose machines load images for people"
    return ""


@rule(
    family="network",
    weight=0.6,
    source="calibrated on simulated traffic, 2026: of lone clicks within minutes a quarter to a half are machines'",
    kinds=frozenset({Kind.CLICK}),
    needs=Needs.CONTEXT,
)
def unasked_network(event: Event, context: Context) -> str:
    """See that a lone click came within minutes of the delivery or the sending, and no network data was asked whose it is."""
    if event.facts.networks or context.lag not in _MINUTES or context.opened or context.tabs or context.pair:
        return ""
    since = "delivery" if context.delivered else "sending"
    return f"it came within minutes of the {since}, alone, and no network data was asked"


ORIGIN_RULES: tuple[Rule, ...] = (
    hosting_click,
    hosting_gesture,
    mail_network_click,
    hosting_open,
    hosting_mail_client,
    mail_network_open,
    nameless_open,
    security_network,
    people_network,
    ordinary_network,
    unasked_network,
)
