"""From a request to an event: what a tracking URL says, once its signatures are checked.

Believes nothing that is not signed, and ignores the query. Does not say who made the request (``observing`` and
``judging`` do), does not redact, and does not decide what is recorded.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from mailbeacon.errors import BadToken, ConfigError, TokenError
from mailbeacon.links import split
from mailbeacon.model import Channel, Event, Facts, Kind, Level, Manifests, Request, Target
from mailbeacon.model.event import EventDraft

if TYPE_CHECKING:
    from mailbeacon.tokens import TokenSigner

__all__ = ["Decoder", "decode", "destination", "is_open"]

_DEFAULT_SKEW = timedelta(minutes=5)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_HTML = Channel.HTML
_OPEN = Kind.OPEN
_CLICK = Kind.CLICK
_NO_FACTS = Facts()


class Decoder:
    """Read events of requests with one host's keys and settings; one object serves all threads.

    Args:
        signer: Holds the keys.
        manifests: Gives the destinations of short links; what it raises is passed on.
        max_age: An event longer after sending than this is marked expired; ``None`` for never.
        clock_skew: How far clocks may differ. A ``sent_at`` further in the future marks the event expired too: the
            token is ours, so the link works, but such an event says nothing that could be counted.
    """

    __slots__ = ("_clock_skew", "_ids", "_least_age", "_manifests", "_max_age", "_signer")

    def __init__(
        self,
        signer: TokenSigner,
        *,
        manifests: Manifests | None = None,
        max_age: timedelta | None = None,
        clock_skew: timedelta = _DEFAULT_SKEW,
    ) -> None:
        self._signer = signer
        self._manifests = manifests
        self._max_age = max_age
        self._clock_skew = clock_skew
        self._least_age = -clock_skew
        self._ids = signer.hash_of("event-id")

    def decode(self, request: Request) -> Event:
        """Read the event a request stands for, without its facts.

        The event's ``id`` is a keyed digest of the tokens, the microsecond, the method, the address and the user agent:
        the same request read again gives the same id, and the id gives none of them away.

        Args:
            request: With ``received_at`` set.

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
        draft, token, link = self.begin(request.url, received_at)
        draft.facts = _NO_FACTS
        draft.source = "request"
        fields, lower = request.fields, request.fields.lower
        draft.method = method = request.method
        draft.address = address = request.address
        draft.user_agent = user_agent = lower.get("user-agent", "")
        draft.headers = _without_path(fields.kept) if "referer" in lower else fields.kept
        moment = (received_at - _EPOCH) // _MICROSECOND
        digest = self._ids.copy()
        source = f"{token}\0{link}\0{moment}\0{method}\0{address}\0{user_agent}"
        digest.update(source.encode("utf-8", "surrogatepass"))
        draft.id = digest.hexdigest()
        draft.__class__ = Event
        event: Event = draft
        return event

    def begin(self, url: str, received_at: datetime) -> tuple[Any, str, str]:
        """Read what a URL and its moment say of an event, and no more.

        Args:
            url: As a request or the line of a log has it.
            received_at: When it came, with a time zone.

        Returns:
            The event while it is made, still without ``id``, ``facts``, ``method``, ``source``, ``address``,
            ``user_agent`` and ``headers``; and its two tokens, the second empty where there is none.

        Raises:
            TokenError: As for :meth:`decode`.
        """
        route, token, link = split(url)
        draft = EventDraft()
        draft.link, draft.url, draft.channel = None, "", _HTML
        if route == "u":
            sent_at = self._read_action(draft, token)
        else:
            hit = self._signer.read_hit(token)
            draft.campaign, draft.recipient, draft.message_id, draft.variant, sent_at, opens, clicks = hit
            if route == "o":
                draft.kind, draft.level = _OPEN, opens
            else:
                if self._manifests is None or link[0] != "s":
                    target = self._signer.read_link(link, draft.campaign)
                else:
                    target = _short(link, draft.campaign, self._manifests)
                draft.kind, draft.level = _CLICK, clicks
                draft.link, draft.url, draft.channel = target.number, target.url, target.channel
        draft.received_at = received_at
        draft.sent_at = sent_at
        draft.expired = (
            sent_at is not None
            and (self._max_age is not None or received_at < sent_at)
            and self._is_expired(received_at - sent_at)
        )
        return draft, token, link

    def _read_action(self, draft: Any, token: str) -> datetime | None:
        """Verify a token of leaving, note what it says, and give the moment of sending."""
        message = self._signer.read_action(token)
        draft.kind, draft.level = Kind.LEAVE_PAGE, Level.FULL
        draft.campaign, draft.recipient = message.campaign, message.recipient or None
        draft.message_id, draft.variant = message.message_id, message.variant
        return message.sent_at

    def _is_expired(self, age: timedelta) -> bool:
        return age < self._least_age or (self._max_age is not None and age - self._clock_skew > self._max_age)


def decode(
    request: Request,
    signer: TokenSigner,
    *,
    manifests: Manifests | None = None,
    max_age: timedelta | None = None,
    clock_skew: timedelta = _DEFAULT_SKEW,
) -> Event:
    """Read the event of one request: what :class:`Decoder`, which is for many, does with the same arguments."""
    return Decoder(signer, manifests=manifests, max_age=max_age, clock_skew=clock_skew).decode(request)


def destination(url: str, signer: TokenSigner, manifests: Manifests | None = None) -> str:
    """Give the verified destination behind a wrapped link, or the empty text."""
    try:
        route, token, link = split(url)
        if route != "c":
            return ""
        campaign = signer.read_hit(token)[0]
        if manifests is None or link[0] != "s":
            return signer.read_link(link, campaign).url
        return _short(link, campaign, manifests).url
    except TokenError:
        return ""


def is_open(url: str, signer: TokenSigner) -> bool:
    """Tell whether a URL is that of a pixel signed with our keys."""
    try:
        route, token, _ = split(url)
        return route == "o" and bool(signer.read_hit(token))
    except TokenError:
        return False


def _short(link: str, campaign: str, manifests: Manifests) -> Target:
    """Give what a short link stands for in the manifest the host has of this campaign."""
    manifest = manifests(campaign)
    target = manifest.targets.get(link) if manifest is not None and manifest.campaign == campaign else None
    if target is None:
        raise BadToken("a short link that the campaign's manifest does not know")
    return target


def _without_path(kept: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    """Give header fields with a Referer by its host only."""
    return tuple([(name, _host(value) if name == "referer" else value) for name, value in kept])


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
