"""From a request to an event: what a tracking URL says, once its signatures are checked.

Believes nothing that is not signed, and ignores the query. Does not say who made the request (``observing`` and
``judging`` do), does not redact, and does not decide what is recorded.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from mailbeacon.errors import BadToken, ConfigError, TokenError
from mailbeacon.links import Path, parse
from mailbeacon.model import Channel, Event, Facts, Headers, Kind, Level, Manifests, Message, Request, Target
from mailbeacon.model.event import EventDraft

if TYPE_CHECKING:
    from mailbeacon.tokens import TokenSigner

__all__ = ["decode", "destination"]

_DEFAULT_SKEW = timedelta(minutes=5)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_NO_LINK = (None, "", Channel.HTML)
_NO_FACTS = Facts()


def decode(
    request: Request,
    signer: TokenSigner,
    *,
    manifests: Manifests | None = None,
    max_age: timedelta | None = None,
    clock_skew: timedelta = _DEFAULT_SKEW,
) -> Event:
    """Read the event a request stands for, without its facts.

    The event's ``id`` is a keyed digest of the tokens, the microsecond, the method, the address and the user agent: the
    same request read again gives the same id, and the id gives none of them away.

    Args:
        request: With ``received_at`` set.
        signer: Holds the keys.
        manifests: Gives the destinations of short links; what it raises is passed on.
        max_age: An event longer after sending than this is marked expired; ``None`` for never.
        clock_skew: How far clocks may differ. A ``sent_at`` further in the future marks the event expired too: the
            token is ours, so the link works, but such an event says nothing that could be counted.

    Returns:
        An OPEN, a CLICK, or for the leaving route a LEAVE_PAGE: what a form on that page does is not read here.

    Raises:
        BadToken: If the URL is not in the form of a tracking URL.
        ForgedToken: If a token was not signed with our keys, for this purpose, or for this campaign.
        ConfigError: If ``received_at`` is not set.
    """
    received_at = request.received_at
    if received_at is None:
        raise ConfigError("received_at must be set before a request is decoded")
    path = parse(request.url)
    kind, level, message, message_id, target = _read(path, signer, manifests)
    fields, sent_at = request.fields, message.sent_at
    draft = EventDraft()
    draft.kind = kind
    draft.received_at = received_at
    draft.recipient = message.recipient or None
    draft.campaign = message.campaign
    draft.message_id = message_id
    draft.variant = message.variant
    draft.sent_at = sent_at
    draft.expired = sent_at is not None and _is_expired(received_at - sent_at, max_age, clock_skew)
    draft.link, draft.url, draft.channel = _NO_LINK if target is None else (target.number, target.url, target.channel)
    draft.method = method = request.method
    draft.level = level
    draft.facts = _NO_FACTS
    draft.address = address = request.address
    draft.user_agent = user_agent = fields.get_lower("user-agent")
    draft.headers = _kept(fields)
    draft.source = "request"
    moment = (received_at - _EPOCH) // _MICROSECOND
    source = f"{path.token}\0{path.link}\0{moment}\0{method}\0{address}\0{user_agent}"
    draft.id = signer.digest("event-id", source.encode("utf-8", "surrogatepass"))
    draft.__class__ = Event
    event: Event = draft
    return event


def _read(
    path: Path, signer: TokenSigner, manifests: Manifests | None
) -> tuple[Kind, Level, Message, str, Target | None]:
    """Verify a URL's tokens: what happened, how much may be known, the message with its name, and the link followed."""
    route, token, link = path
    if route == "u":
        message = signer.read_action(token)
        return Kind.LEAVE_PAGE, Level.FULL, message, message.message_id, None
    message, message_id = signer.read_named(token)
    if route == "o":
        return Kind.OPEN, message.opens, message, message_id, None
    return Kind.CLICK, message.clicks, message, message_id, _target(link, message.campaign, signer, manifests)


def destination(url: str, signer: TokenSigner, manifests: Manifests | None = None) -> str:
    """Give the verified destination behind a wrapped link, or the empty text."""
    try:
        route, token, link = parse(url)
        if route != "c":
            return ""
        return _target(link, signer.read_message(token).campaign, signer, manifests).url
    except TokenError:
        return ""


def _target(link: str, campaign: str, signer: TokenSigner, manifests: Manifests | None) -> Target:
    """Give what a link token of this campaign stands for: signed, or named in the host's manifest."""
    if link[:1] != "s" or manifests is None:
        return signer.read_link(link, campaign)
    manifest = manifests(campaign)
    target = manifest.targets.get(link) if manifest is not None and manifest.campaign == campaign else None
    if target is None:
        raise BadToken("a short link that the campaign's manifest does not know")
    return target


def _is_expired(age: timedelta, max_age: timedelta | None, clock_skew: timedelta) -> bool:
    return age < -clock_skew or (max_age is not None and age > max_age + clock_skew)


def _kept(fields: Headers) -> tuple[tuple[str, str], ...]:
    """Give the header fields of the allow-list, a Referer by its host only."""
    found = fields.kept()
    if not fields.get_lower("referer"):
        return found
    return tuple([(name, _host(value) if name == "referer" else value) for name, value in found])


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
