"""The rules on what the user agent says: whom it names, and what is thought where it says nothing.

Reads nothing of an event but its kind, and of its facts agent, network and hints.
"""

# ruff: noqa: ARG001 -- every check has the same shape, and few need both arguments

from __future__ import annotations

from mailbeacon.judging.context import Context
from mailbeacon.judging.origin import is_provider
from mailbeacon.judging.rules import FOLLOWS, OPENS, READS, Needs, Rule, rule
from mailbeacon.model import Actor, AgentKind, Event, Hint, Kind

__all__ = ["AGENT_RULES", "WORN"]

_UNSEEN = frozenset({Hint.NO_USER_AGENT, Hint.HEADERS_UNKNOWN})
"""The hints of a request of which nothing is known: of every one in a log that keeps no user agents, and of scripts in one
that does."""
_BARE = frozenset({Hint.NO_SEC_FETCH, Hint.NO_ACCEPT_LANGUAGE})
WORN = frozenset({Hint.CONTRADICTION, Hint.OUTDATED})
"""What a user agent that only looks like a sandbox's has, and one that names a scanner has not."""


def _agent(
    agent: AgentKind,
    actor: Actor,
    weight: float,
    says: str,
    source: str,
    *,
    kinds: frozenset[Kind] = READS,
    generic: bool | None = None,
) -> Rule:
    """Make the rule for what a user agent says it is; ``generic`` for one that only uses the word, or does not."""

    def check(event: Event, context: Context) -> str:
        facts = event.facts
        return says if facts.agent is agent and (generic is None or generic is not bool(facts.client)) else ""

    check.__doc__ = f"See that {says}."
    return Rule(
        name=f"agent-{agent.value.replace('_', '-')}{'-generic' if generic else ''}",
        family="agent",
        weight=weight,
        source=source,
        check=check,
        kinds=kinds,
        actor=actor,
        needs=Needs.FACTS,
        named=actor is not Actor.HUMAN,
    )


@rule(
    family="agent",
    weight=-4.0,
    source="Google's image proxy, 2013; Yahoo, mail-proxy-servers page, 2026",
    kinds=OPENS,
    actor=Actor.IMAGE_PROXY,
    needs=Needs.FACTS,
    named=True,
)
def image_proxy(event: Event, context: Context) -> str:
    """See that a mail provider's image proxy fetched the pixel, from a provider's network."""
    if event.facts.agent is AgentKind.IMAGE_PROXY and is_provider(event):
        return "a mail provider's image proxy fetched it, on the provider's own network, as it does when a person opens"
    return ""


@rule(
    family="agent",
    weight=4.3,
    source="image proxies fetch images only; inferred, 2026",
    kinds=FOLLOWS,
    needs=Needs.FACTS,
)
def proxy_follows(event: Event, context: Context) -> str:
    """See that an image proxy's user agent followed a link, which such proxies do not do."""
    if event.facts.agent in (AgentKind.PRIVACY_PROXY, AgentKind.IMAGE_PROXY):
        return "an image proxy's user agent followed a link, which such proxies do not do"
    return ""


@rule(
    family="agent",
    weight=7.5,
    source="Braze, bot filtering, 2026",
    needs=Needs.FACTS,
    named=True,
)
def agent_scanner(event: Event, context: Context) -> str:
    """See that the user agent names a security scanner."""
    facts = event.facts
    if facts.agent is AgentKind.SCANNER and facts.hints.isdisjoint(WORN):
        return "the user agent names a security scanner"
    return ""


@rule(
    family="consistency",
    weight=4.7,
    source="Trend Micro, Phish Insight rules: Firefox 2, Internet Explorer on a Mac, 2026; public code",
    needs=Needs.FACTS,
)
def agent_sandbox(event: Event, context: Context) -> str:
    """See that the user agent is one that hardly any but sandboxes still use: a browser long given up, or on a wrong system."""
    facts = event.facts
    if facts.agent is AgentKind.SCANNER and not facts.hints.isdisjoint(WORN):
        return "the user agent is one that hardly any but sandboxes still use"
    return ""


@rule(family="agent", weight=1.2, source="calibrated on simulated traffic, 2026", kinds=FOLLOWS, needs=Needs.FACTS)
def agent_unknown(event: Event, context: Context) -> str:
    """See that no browser or mail client we know followed a link (where headers are known)."""
    facts = event.facts
    if facts.agent is AgentKind.UNKNOWN and facts.rules and Hint.HEADERS_UNKNOWN not in facts.hints:
        return "the user agent is no browser or mail client we know"
    return ""


@rule(
    family="doubt",
    weight=1.3,
    source="Litmus, half of all opens Apple's proxy, 2022; RFC 9110, who makes requests should say so, 2022",
    kinds=READS,
    actor=Actor.UNKNOWN,
    needs=Needs.FACTS,
    named=True,
)
def nothing_known(event: Event, context: Context) -> str:
    """See that nothing is known of the client: no user agent that says anything, and no header fields."""
    facts = event.facts
    blind = Hint.HEADERS_UNKNOWN in facts.hints or not facts.rules
    if facts.agent is AgentKind.UNKNOWN and blind and facts.hints <= _UNSEEN:
        return "nothing is known of the client, neither by its user agent nor by its header fields"
    return ""


@rule(
    family="doubt",
    weight=1.0,
    source="Web Bot Auth, IETF draft-meunier-web-bot-auth-architecture, 2025; ChatGPT agent signs so, 2025",
    actor=Actor.UNKNOWN,
    needs=Needs.FACTS,
    named=True,
)
def signed_agent(event: Event, context: Context) -> str:
    """See that the request says it is signed by an agent, such as an assistant that a person sent."""
    if Hint.SIGNED_AGENT not in event.facts.hints:
        return ""
    return "it says that it is signed by an agent, such as an assistant that a person sent"


@rule(
    family="agent",
    weight=4.2,
    source="Trend Micro, Phish Insight rules, 2026",
    actor=Actor.SCRIPT,
    needs=Needs.FACTS,
)
def no_user_agent(event: Event, context: Context) -> str:
    """See that there was no user agent (where all header fields are known)."""
    hints = event.facts.hints
    return "there was no user agent" if Hint.NO_USER_AGENT in hints and Hint.HEADERS_UNKNOWN not in hints else ""


@rule(
    family="agent",
    weight=0.9,
    source="RFC 9110, who makes requests should say so, 2022",
    kinds=OPENS | {Kind.CLICK},
    actor=Actor.SCRIPT,
    needs=Needs.FACTS,
)
def no_user_agent_logged(event: Event, context: Context) -> str:
    """See that there was no user agent, by a source that shows those but not all header fields."""
    if event.facts.hints >= _UNSEEN:
        return "there was no user agent, by a log that shows them"
    return ""


@rule(
    family="headers",
    weight=5.8,
    source="W3C, Fetch Metadata, 2025; two fields that browsers send, both gone: calibrated on simulated traffic, 2026",
    kinds=FOLLOWS,
    needs=Needs.FACTS,
)
def bare_headers(event: Event, context: Context) -> str:
    """See that it sent neither the Sec-Fetch fields of the browser it claims to be nor Accept-Language."""
    if event.facts.hints >= _BARE:
        return "it sent neither Sec-Fetch nor Accept-Language fields, and the browser it claims to be always sends both"
    return ""


AGENT_RULES: tuple[Rule, ...] = (
    _agent(
        AgentKind.PREFETCH, Actor.PREFETCH, 6.0, "the user agent is Gmail's prefetch", "Bird, 9.8 billion opens, 2021"
    ),
    agent_scanner,
    agent_sandbox,
    _agent(
        AgentKind.PREVIEW, Actor.PREVIEW, 7.5, "the user agent names a link preview", "vendors' documentation, 2026"
    ),
    _agent(
        AgentKind.CRAWLER,
        Actor.CRAWLER,
        7.5,
        "the user agent names a crawler",
        "vendors' documentation, 2026",
        generic=False,
    ),
    _agent(
        AgentKind.CRAWLER,
        Actor.CRAWLER,
        5.7,
        "the user agent uses a word that crawlers use",
        "crawler-user-agents, 2026; a generic word may stand in any name",
        generic=True,
    ),
    _agent(
        AgentKind.SCRIPT,
        Actor.SCRIPT,
        7.5,
        "the user agent names a script or an HTTP library",
        "Trend Micro, Phish Insight rules, 2026",
        generic=False,
    ),
    _agent(
        AgentKind.SCRIPT,
        Actor.SCRIPT,
        5.7,
        "the user agent has no browser's form, as those of scripts have none",
        "crawler-user-agents, 2026; inferred from the form",
        generic=True,
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
        -2.6,
        "the user agent is a mail client's",
        "scanners pose as browsers, not as mail clients: Mautic issue 16263, 2025",
        kinds=OPENS,
    ),
    proxy_follows,
    agent_unknown,
    nothing_known,
    signed_agent,
    no_user_agent,
    no_user_agent_logged,
    bare_headers,
)
