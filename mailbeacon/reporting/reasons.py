"""Signals and actors in words for people who do not know the rules' names."""

from __future__ import annotations

__all__ = ["ACTORS", "reason_text"]

ACTORS = {
    "human": "a person",
    "image_proxy": "a person, through an image proxy",
    "privacy_proxy": "Apple's privacy proxy",
    "prefetch": "a prefetch",
    "scanner": "a security scanner",
    "preview": "a link preview",
    "crawler": "a crawler",
    "script": "a script",
    "unknown": "unknown",
}
"""Who it was, by the name of the actor."""

_REASONS = {
    "agent-browser": "a person's browser",
    "agent-crawler": "a crawler's user agent",
    "agent-image-proxy": "a mail provider's image proxy",
    "agent-mail-client": "a mail client",
    "agent-prefetch": "a user agent that only prefetches",
    "agent-preview": "a link preview's user agent",
    "agent-privacy-proxy": "Apple's privacy proxy",
    "agent-sandbox": "a user agent that hardly any but sandboxes have",
    "agent-scanner": "a security scanner's user agent",
    "agent-script": "a script's user agent",
    "agent-unknown": "no browser or mail client that is known",
    "agent-unseen": "nothing known of the client",
    "burst": "several links at once",
    "burst-company": "made by the client of a burst",
    "coverage": "every link, faster than a person reads",
    "coverage-slow": "every link within a minute or so",
    "honeypot": "a link that nobody sees",
    "honeypot-near": "made by the client that followed a hidden link",
    "hosting-click": "a click from rented servers",
    "hosting-open": "an open from rented servers",
    "image-proxy": "a mail provider's image proxy",
    "mail-network-click": "a click from a mail provider's machines",
    "mail-network-open": "an open by a mail provider's machines",
    "many-networks": "several networks at nearly the same time",
    "many-recipients": "links of several recipients, from one network at once",
    "many-recipients-open": "mails of several recipients, from one network at once",
    "no-user-agent": "no user agent",
    "people-network": "a network that carries people",
    "pixel-after": "a link first, the pixel afterwards",
    "provider-machine-click": "the provider calls it a machine",
    "provider-machine-open": "the provider calls it a machine",
    "proxy-follows": "an image proxy that follows a link",
    "same-moment": "two links closer together than a hand can",
    "same-second": "two links within a second",
    "sec-fetch": "headers as a browser sends them",
    "sec-fetch-user": "a browser that tells of a person's hand",
    "security-network": "a security vendor's network",
    "tabs": "several links within seconds, as in tabs",
    "gateway-referer": "a security gateway before the click",
    "webmail-referer": "a click in webmail",
    "unsubscribe-pair": "the unsubscribe page and another link together",
}


def reason_text(signal: str) -> str:
    """Return a signal's meaning; of a rule of the host's own its name without hyphens."""
    return _REASONS.get(signal) or signal.replace("-", " ").replace("_", " ")
