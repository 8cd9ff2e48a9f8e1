"""From a request to an event: what a tracking URL says, once its signatures are checked.

Believes nothing that is not signed, and ignores the query. Does not say who made the request (``observing`` and
``judging`` do), does not redact, and does not decide what is recorded.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from mailbeacon.errors import BadToken, ConfigError
from mailbeacon.links import parse
from mailbeacon.model import Event, Headers, Kind, Level, Manifests, Request, Target

if TYPE_CHECKING:
    from mailbeacon.tokens import TokenSigner

__all__ = ["decode"]

_DEFAULT_SKEW = timedelta(minutes=5)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


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
    target = None
    if path.kind == "o":
        message = signer.read_message(path.token)
        kind, level = Kind.OPEN, message.opens
    elif path.kind == "c":
        message = signer.read_message(path.token)
        kind, level = Kind.CLICK, message.clicks
        target = _target(path.link, message.campaign, signer, manifests)
    else:
        message = signer.read_action(path.token)
        kind, level = Kind.LEAVE_PAGE, Level.FULL
    fields = request.fields
    method, address, user_agent = request.method, request.address, fields.get_lower("user-agent")
    moment = (received_at - _EPOCH) // _MICROSECOND
    source = f"{path.token}\0{path.link}\0{moment}\0{method}\0{address}\0{user_agent}"
    sent_at = message.sent_at
    event = Event(
        id=signer.digest("event-id", source.encode("utf-8", "surrogatepass")),
        kind=kind,
        received_at=received_at,
        recipient=message.recipient or None,
        campaign=message.campaign,
        message_id=message.message_id,
        variant=message.variant,
        sent_at=sent_at,
        expired=sent_at is not None and _is_expired(received_at - sent_at, max_age, clock_skew),
        method=method,
        level=level,
        address=address,
        user_agent=user_agent,
        headers=_kept(fields),
    )
    if target is None:
        return event
    return event.changed(link=target.number, url=target.url, channel=target.channel)


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
