"""The rules that need one event only: agent, method, headers, network, provider's flags, time since sending.

Reads nothing of an event but its kind, and of its facts agent, network and hints. Weights are log-odds, set so that the
chances of ``tests/bench/accuracy.py`` come out calibrated; what is only reported or inferred weighs little.
"""

# ruff: noqa: ARG001 -- every check has the same shape, and few need both arguments

from __future__ import annotations

from dataclasses import replace

from mailbeacon.judging.agent import AGENT_RULES
from mailbeacon.judging.context import Context, DeliveryLag
from mailbeacon.judging.origin import ORIGIN_RULES
from mailbeacon.judging.rules import FOLLOWS, OPENS, READS, Needs, Rule
from mailbeacon.model import Actor, Event, Hint, Kind, NetworkKind

__all__ = ["SINGLE_RULES"]


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
) -> Rule:
    """Make the rule for one hint."""

    def check(event: Event, context: Context) -> str:
        return says if hint in event.facts.hints else ""

    check.__doc__ = f"See that {says}."
    return Rule(
        name=hint.value,
        family=family,
        weight=weight,
        source=source,
        check=check,
        kinds=kinds,
        actor=actor,
        needs=Needs.FACTS,
        named=named,
    )


def _lag(
    lag: DeliveryLag, weight: float, says: str, source: str, *, kinds: frozenset[Kind] = READS, rented: bool = True
) -> Rule:
    """Make the rule for how long after the delivery an event came, or after the sending where only that is known.

    With ``rented`` false it says nothing of what comes from rented servers.
    """

    def check(event: Event, context: Context) -> str:
        if not rented and event.facts.network.kind is NetworkKind.HOSTING:
            return ""
        return says.format("delivery" if context.delivered else "sending") if context.lag is lag else ""

    check.__doc__ = f"See that {says.format('delivery or the sending')}."
    name = f"lag-{lag.name.lower()}"
    return Rule(name=name, family="time", weight=weight, source=source, check=check, kinds=kinds, needs=Needs.CONTEXT)


SINGLE_RULES: tuple[Rule, ...] = (
    *AGENT_RULES,
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
    replace(
        _hint(
            Hint.PROVIDER_MACHINE,
            "provider",
            5.0,
            "the provider reports a machine's open",
            "Mailgun, SparkPost, bot and prefetch flags, 2026",
            kinds=OPENS,
            actor=Actor.PREFETCH,
        ),
        name="provider-machine-open",
    ),
    replace(
        _hint(
            Hint.PROVIDER_MACHINE,
            "provider",
            6.5,
            "the provider reports a machine's click",
            "Mailgun, bot flag, 2026",
            kinds=FOLLOWS,
        ),
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
        8.5,
        "a header field announced a prefetch or preview",
        "Sec-Purpose, Fetch standard, 2026",
        actor=Actor.PREFETCH,
        named=True,
    ),
    _hint(Hint.RANGE, "method", 1.0, "it asked for a range of bytes", "WhiteBeard, bot filter, 2026"),
    _hint(
        Hint.HONEYPOT,
        "honeypot",
        9.0,
        "it followed a link that no person can see",
        "MassMailer, Omeda, Trend Micro, hidden links, 2026",
    ),
    _hint(
        Hint.CONTRADICTION,
        "consistency",
        5.0,
        "the user agent contradicts itself or the fields beside it",
        "Trend Micro, Phish Insight rules, 2026",
    ),
    _hint(
        Hint.OUTDATED,
        "consistency",
        1.6,
        "the user agent names a system or browser hardly anybody uses",
        "Trend Micro, 2026; opencollective issue 3656, 2021",
        kinds=FOLLOWS,
    ),
    _hint(
        Hint.NO_SEC_FETCH,
        "headers",
        4.8,
        "the browser it claims to be always sends Sec-Fetch fields, and it sent none",
        "W3C, Fetch Metadata, 2025",
        kinds=FOLLOWS,
    ),
    _hint(
        Hint.NO_ACCEPT_LANGUAGE,
        "headers",
        4.1,
        "there was no Accept-Language field, which browsers send",
        "calibrated on simulated traffic, 2026",
        kinds=FOLLOWS,
    ),
    _hint(
        Hint.NO_ACCEPT,
        "headers",
        4.1,
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
    _lag(DeliveryLag.BEFORE, 3.4, "it came before the mail's {}", "Microsoft, Safe Links page, 2026"),
    _lag(
        DeliveryLag.INSTANT,
        5.5,
        "it came within an instant of the {}",
        "Mautic 5.2, WhiteBeard, bot filters, 2026; to get it, read it and point takes a person longer",
        kinds=FOLLOWS,
    ),
    replace(
        _lag(
            DeliveryLag.INSTANT,
            3.0,
            "it came within an instant of the {}",
            "Mautic 5.2, WhiteBeard, bot filters, 2026",
            kinds=OPENS,
        ),
        name="lag-instant-open",
    ),
    _lag(DeliveryLag.SOON, 1.5, "it came within seconds of the {}", "WhiteBeard, 2026; craft-campaign issue 546, 2025"),
    _lag(
        DeliveryLag.QUICK,
        -1.0,
        "it came soon after the {}, when whoever waits for a mail comes and hardly a scanner yet",
        "craft-campaign issue 546: 2.6 % of 836 bursts start within 20 s, 2025; who asked for a mail waits for it",
        kinds=FOLLOWS,
    ),
    _lag(DeliveryLag.EARLY, 0.7, "it came soon after the {}", "craft-campaign issue 546, 836 bursts, 2025"),
    _lag(
        DeliveryLag.LATER,
        -1.2,
        "it came some minutes after the {}",
        "craft-campaign issue 546: one burst in ten comes after five minutes, 2025; people behind a VPN are rarer still",
        kinds=FOLLOWS,
        rented=False,
    ),
    _lag(
        DeliveryLag.LATE,
        -2.2,
        "it came long after the {}, when scanners seldom come",
        "craft-campaign issue 546, 836 bursts, 2025",
        kinds=FOLLOWS,
    ),
)
