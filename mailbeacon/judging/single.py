"""The rules that need one event only: agent, method, headers, network, provider's flags, time since sending.

Reads nothing of an event but its kind, and of its facts agent, network and hints. Weights are log-odds, set so that the
chances of ``tests/bench/accuracy.py`` come out calibrated; what is only reported or inferred weighs little.
"""

# ruff: noqa: ARG001 -- every check has the same shape, and few need both arguments

from __future__ import annotations

from mailbeacon.judging.around import Around, Wait
from mailbeacon.judging.origin import ORIGIN_RULES, is_provider
from mailbeacon.judging.rules import FOLLOWS, OPENS, READS, Needs, Rule, rule
from mailbeacon.model import Actor, AgentKind, Event, Hint, Kind

__all__ = ["SINGLE_RULES"]

_UNSEEN = frozenset({Hint.NO_USER_AGENT, Hint.HEADERS_UNKNOWN})
"""What is seen of every request in a log that keeps no user agents, and of scripts in one that does: so the weight of its
rule leaves open who it was."""
_WORN = frozenset({Hint.CONTRADICTION, Hint.OUTDATED})
"""What a user agent that only looks like a sandbox's has, and one that names a scanner has not."""


def _agent(
    agent: AgentKind,
    actor: Actor,
    weight: float,
    says: str,
    source: str,
    *,
    name: str = "",
    kinds: frozenset[Kind] = READS,
) -> Rule:
    """Make the rule for what a user agent says it is."""

    def check(event: Event, around: Around) -> str:
        return says if event.facts.agent is agent else ""

    check.__doc__ = f"See that {says}."
    name = name or f"agent-{agent.value.replace('_', '-')}"
    return Rule(
        name=name,
        family="agent",
        weight=weight,
        source=source,
        check=check,
        kinds=kinds,
        actor=actor,
        needs=Needs.FACTS,
        named=actor is not Actor.HUMAN,
    )


def _hint(
    hint: Hint,
    family: str,
    weight: float,
    says: str,
    source: str,
    *,
    kinds: frozenset[Kind] = READS,
    actor: Actor = Actor.SCANNER,
    named: bool = False,
    name: str = "",
) -> Rule:
    """Make the rule for one hint."""

    def check(event: Event, around: Around) -> str:
        return says if hint in event.facts.hints else ""

    check.__doc__ = f"See that {says}."
    return Rule(
        name=name or hint.value,
        family=family,
        weight=weight,
        source=source,
        check=check,
        kinds=kinds,
        actor=actor,
        needs=Needs.FACTS,
        named=named,
    )


def _wait(wait: Wait, weight: float, says: str, source: str, *, kinds: frozenset[Kind] = READS) -> Rule:
    """Make the rule for how long after the delivery an event came."""

    def check(event: Event, around: Around) -> str:
        return says if around.wait is wait else ""

    check.__doc__ = f"See that {says}."
    name = f"wait-{wait.name.lower()}"
    return Rule(name=name, family="time", weight=weight, source=source, check=check, kinds=kinds, needs=Needs.AROUND)


@rule(
    family="agent",
    weight=-4.0,
    source="Google's image proxy, 2013; Yahoo, mail-proxy-servers page, 2026",
    kinds=OPENS,
    actor=Actor.IMAGE_PROXY,
    needs=Needs.FACTS,
    named=True,
)
def image_proxy(event: Event, around: Around) -> str:
    """See that a mail provider's image proxy fetched the pixel, from a provider's network."""
    if event.facts.agent is AgentKind.IMAGE_PROXY and is_provider(event):
        return "a mail provider's image proxy fetched it, on the provider's own network, as it does when a person opens"
    return ""


@rule(
    family="agent",
    weight=2.6,
    source="image proxies fetch images only; inferred, 2026",
    kinds=FOLLOWS,
    needs=Needs.FACTS,
)
def proxy_follows(event: Event, around: Around) -> str:
    """See that an image proxy's user agent followed a link, which such proxies do not do."""
    if event.facts.agent in (AgentKind.PRIVACY_PROXY, AgentKind.IMAGE_PROXY):
        return "an image proxy's user agent followed a link, which such proxies do not do"
    return ""


@rule(
    family="agent",
    weight=6.0,
    source="Braze, bot filtering, 2026",
    needs=Needs.FACTS,
    named=True,
)
def agent_scanner(event: Event, around: Around) -> str:
    """See that the user agent names a security scanner."""
    facts = event.facts
    if facts.agent is AgentKind.SCANNER and facts.hints.isdisjoint(_WORN):
        return "the user agent names a security scanner"
    return ""


@rule(
    family="consistency",
    weight=3.0,
    source="Trend Micro, Phish Insight rules: Firefox 2, Internet Explorer on a Mac, 2026; public code",
    needs=Needs.FACTS,
)
def agent_sandbox(event: Event, around: Around) -> str:
    """See that the user agent is one that hardly any but sandboxes still use: a browser long given up, or on a wrong system."""
    facts = event.facts
    if facts.agent is AgentKind.SCANNER and not facts.hints.isdisjoint(_WORN):
        return "the user agent is one that hardly any but sandboxes still use"
    return ""


@rule(family="agent", weight=0.8, source="calibrated on simulated traffic, 2026", kinds=FOLLOWS, needs=Needs.FACTS)
def agent_unknown(event: Event, around: Around) -> str:
    """See that no browser or mail client we know followed a link (where headers are known)."""
    if event.facts.agent is AgentKind.UNKNOWN and Hint.HEADERS_UNKNOWN not in event.facts.hints:
        return "the user agent is no browser or mail client we know"
    return ""


@rule(
    family="agent",
    weight=1.3,
    source="Litmus, half of all opens Apple's proxy, 2022; RFC 9110, who makes requests should say so, 2022",
    kinds=OPENS | {Kind.CLICK},
    needs=Needs.FACTS,
)
def agent_unseen(event: Event, around: Around) -> str:
    """See that nothing is known of the client, neither user agent nor other header fields."""
    if event.facts.hints >= _UNSEEN:
        return "no user agent is known: there was none, as with scripts, or the source keeps none"
    return ""


@rule(
    family="method",
    weight=2.6,
    source="Trend Micro, Phish Insight rules, 2026",
    actor=Actor.SCRIPT,
    needs=Needs.FACTS,
)
def no_user_agent(event: Event, around: Around) -> str:
    """See that there was no user agent (where all header fields are known)."""
    hints = event.facts.hints
    return "there was no user agent" if Hint.NO_USER_AGENT in hints and Hint.HEADERS_UNKNOWN not in hints else ""


SINGLE_RULES: tuple[Rule, ...] = (
    _agent(
        AgentKind.PREFETCH, Actor.PREFETCH, 6.0, "the user agent is Gmail's prefetch", "Bird, 9.8 billion opens, 2021"
    ),
    agent_scanner,
    agent_sandbox,
    _agent(
        AgentKind.PREVIEW, Actor.PREVIEW, 6.0, "the user agent names a link preview", "vendors' documentation, 2026"
    ),
    _agent(AgentKind.CRAWLER, Actor.CRAWLER, 6.0, "the user agent names a crawler", "vendors' documentation, 2026"),
    _agent(
        AgentKind.SCRIPT,
        Actor.SCRIPT,
        6.0,
        "the user agent names a script or an HTTP library",
        "Trend Micro, Phish Insight rules, 2026",
    ),
    _agent(
        AgentKind.PRIVACY_PROXY,
        Actor.PRIVACY_PROXY,
        -4.0,
        "the user agent is that of Apple's Mail Privacy Protection",
        "Mailgun, bot detection page, 2026; uap-core issue 509, 2021",
        kinds=OPENS,
    ),
    _agent(
        AgentKind.IMAGE_PROXY,
        Actor.IMAGE_PROXY,
        -2.2,
        "the user agent is that of a mail provider's image proxy",
        "Google's image proxy, 2013; Yahoo, mail-proxy-servers page, 2026",
        kinds=OPENS,
    ),
    image_proxy,
    _agent(
        AgentKind.MAIL_CLIENT,
        Actor.HUMAN,
        -1.6,
        "the user agent is a mail client's",
        "scanners pose as browsers, not as mail clients: Mautic issue 16263, 2025",
        kinds=OPENS,
    ),
    proxy_follows,
    agent_unknown,
    agent_unseen,
    _hint(
        Hint.PROVIDER_PROXY,
        "provider",
        -4.5,
        "the provider reports that it came through a privacy proxy",
        "SendGrid, Iterable, Brevo, machine-open flags, 2026",
        kinds=OPENS,
        actor=Actor.PRIVACY_PROXY,
        named=True,
    ),
    _hint(
        Hint.PROVIDER_MACHINE,
        "provider",
        4.0,
        "the provider reports a machine's open",
        "Mailgun, SparkPost, bot and prefetch flags, 2026",
        kinds=OPENS,
        actor=Actor.PREFETCH,
        name="provider-machine-open",
    ),
    _hint(
        Hint.PROVIDER_MACHINE,
        "provider",
        4.0,
        "the provider reports a machine's click",
        "Mailgun, bot flag, 2026",
        kinds=FOLLOWS,
        name="provider-machine-click",
    ),
    _hint(
        Hint.HEAD,
        "method",
        9.0,
        "it was a HEAD request, which no person makes",
        "WhiteBeard, 2026; next-auth 1840, 2022",
    ),
    _hint(Hint.OTHER_METHOD, "method", 9.0, "its method was neither GET nor HEAD", "RFC 9110, 2022"),
    _hint(
        Hint.PREFETCH,
        "method",
        6.5,
        "a header field announced a prefetch or preview",
        "Sec-Purpose, Fetch standard, 2026",
        actor=Actor.PREFETCH,
        named=True,
    ),
    _hint(Hint.RANGE, "method", 1.0, "it asked for a range of bytes", "WhiteBeard, bot filter, 2026"),
    no_user_agent,
    _hint(
        Hint.HONEYPOT,
        "trap",
        7.0,
        "it followed a link that no person can see",
        "MassMailer, Omeda, Trend Micro, hidden links, 2026",
    ),
    _hint(
        Hint.CONTRADICTION,
        "consistency",
        2.4,
        "the user agent contradicts itself or the fields beside it",
        "Trend Micro, Phish Insight rules, 2026",
    ),
    _hint(
        Hint.OUTDATED,
        "consistency",
        1.3,
        "the user agent names a system or browser hardly anybody uses",
        "Trend Micro, 2026; opencollective issue 3656, 2021",
        kinds=FOLLOWS,
    ),
    _hint(
        Hint.NO_SEC_FETCH,
        "headers",
        1.9,
        "the browser it claims to be always sends Sec-Fetch fields, and it sent none",
        "W3C, Fetch Metadata, 2025",
        kinds=FOLLOWS,
    ),
    _hint(
        Hint.NO_ACCEPT_LANGUAGE,
        "headers",
        1.6,
        "there was no Accept-Language field, which browsers send",
        "calibrated on simulated traffic, 2026",
        kinds=FOLLOWS,
    ),
    _hint(
        Hint.NO_ACCEPT,
        "headers",
        1.6,
        "there was no Accept field, which browsers send",
        "calibrated on simulated traffic, 2026",
        kinds=FOLLOWS,
    ),
    _hint(
        Hint.SEC_FETCH_USER,
        "headers",
        -0.7,
        "the browser says the visit began with a person's gesture",
        "W3C, Fetch Metadata, 2025; browsers driven by sandboxes say so too",
        kinds=FOLLOWS,
    ),
    _hint(
        Hint.SEC_FETCH,
        "headers",
        -0.4,
        "it sent the header fields that browsers send",
        "W3C, Fetch Metadata, 2025",
        kinds=FOLLOWS,
    ),
    _hint(Hint.WEBMAIL_REFERER, "referer", -1.0, "it came from a page of web mail", "inferred, 2026", kinds=FOLLOWS),
    _hint(
        Hint.GATEWAY_REFERER,
        "referer",
        -0.3,
        "it came by way of a gateway's rewritten link, as its readers' clicks do",
        "Microsoft, Safe Links page, 2026",
        kinds=FOLLOWS,
    ),
    *ORIGIN_RULES,
    _wait(Wait.BEFORE, 2.2, "it came before the mail was delivered", "Microsoft, Safe Links page, 2026"),
    _wait(Wait.INSTANT, 1.8, "it came within an instant of the delivery", "Mautic 5.2, WhiteBeard, bot filters, 2026"),
    _wait(Wait.SOON, 0.8, "it came within seconds of the delivery", "WhiteBeard, 2026; craft-campaign issue 546, 2025"),
    _wait(Wait.EARLY, 0.3, "it came soon after the delivery", "craft-campaign issue 546, 836 bursts, 2025"),
    _wait(
        Wait.LATE,
        -0.5,
        "it came long after the delivery, when scanners seldom come",
        "craft-campaign issue 546, 836 bursts, 2025",
        kinds=FOLLOWS,
    ),
)
