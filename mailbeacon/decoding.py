"""From a request to an event: what a tracking URL says, once its signatures are checked.

Believes nothing that is not signed, and ignores the query. Does not say who made the request (``observing`` and
``judging`` do), does not redact, and does not decide what is recorded.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from mailbeacon.caches import Cache
from mailbeacon.errors import BadToken, ConfigError, TokenError
from mailbeacon.links import split
from mailbeacon.model import Action, Channel, Event, Facts, Kind, Level, Manifests, Request, Target
from mailbeacon.model.event import OpenEvent
from mailbeacon.privacy import keeps_metadata

if TYPE_CHECKING:
    from mailbeacon.tokens import TokenSigner

__all__ = ["Begun", "Decoder", "decode", "destination", "is_open"]

_DEFAULT_SKEW = timedelta(minutes=5)
_FOR_EVER = timedelta.max
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_MOST_LINKS = 4096
_Link = tuple[int | None, int | None, str, str, Channel]
"""What an event has of a link: its number, how many the mail has, the destination, its digest, and the channel."""
_NO_LINK: _Link = (None, None, "", "", Channel.HTML)
_NO_FACTS = Facts()
_OPEN, _CLICK, _FULL = Kind.OPEN, Kind.CLICK, Level.FULL
_ACTS = {Action.UNSUBSCRIBE: Kind.UNSUBSCRIBE, Action.STOP_TRACKING: Kind.WITHDRAW}


class Begun(NamedTuple):
    """What a tracking URL says of an event.

    Attributes:
        event: The event, of which nothing is missing but ``id``, ``facts``, ``address``, ``user_agent``, ``headers`` and
            ``source``.
        token: The URL's first token.
        link: Its second; empty where there is none.
        key: The number of the key that signed, 0 for the oldest: digests are made with the same.
        is_act: Whether the recipient asked for something on the leaving route: then the event's ``id`` hangs on the token
            and the kind alone, and doing it again is the same event.
    """

    event: OpenEvent
    token: str
    link: str
    key: int
    is_act: bool


class Decoder:
    """Read events of requests with one host's keys and settings; one object serves all threads.

    Args:
        signer: Holds the keys.
        manifests: Gives the destinations of short links; what it raises is passed on.
        max_age: An event longer after sending than this is marked expired; ``None`` for never.
        clock_skew: How far clocks may differ. A ``sent_at`` further in the future marks the event expired too: the
            token is ours, so the link works, but such an event says nothing that could be counted.
    """

    __slots__ = ("_ids", "_least_age", "_links", "_manifests", "_most_age", "_signer", "_url_hashes")

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
        self._least_age = -clock_skew
        self._most_age = _FOR_EVER if max_age is None or max_age > _FOR_EVER - clock_skew else max_age + clock_skew
        self._ids = signer.keyed_hashes("event-id")
        self._url_hashes = signer.keyed_hashes("url", 8)
        self._links: Cache[tuple[str, str], _Link] = Cache(_MOST_LINKS)

    def __repr__(self) -> str:
        return f"Decoder({self._signer!r})"

    def decode(self, request: Request) -> Event:
        """Read the event a request stands for, without its facts.

        The event's ``id`` is a keyed digest of the tokens, the microsecond, the method, the address and the user agent:
        the same request read again gives the same id, and the id gives none of them away.

        Args:
            request: With ``received_at`` set.

        Returns:
            An OPEN, a CLICK, or for the leaving route a LEAVE_PAGE, or where it was a POST the UNSUBSCRIBE or WITHDRAW
            that its token was signed for.

        Raises:
            BadToken: If the URL is not in the form of a tracking URL.
            ForgedToken: If a token was not signed with our keys, for this purpose, or for this campaign.
            ConfigError: If ``received_at`` is not set.
        """
        received_at = request.received_at
        if received_at is None:
            raise ConfigError("received_at must be set before a request is decoded")
        fields, method, address = request.fields, request.method, request.address
        user_agent = fields.lower.get("user-agent", "")
        made, token, link, key, is_act = self.fill(request.url, received_at, method)
        moment = (received_at - _EPOCH) // _MICROSECOND
        digest = self._ids[key].copy()
        source = f"{token}\0{made.kind}" if is_act else f"{token}\0{link}\0{moment}\0{method}\0{address}\0{user_agent}"
        digest.update(source.encode("utf-8", "surrogatepass"))
        made.id, made.address, made.user_agent = digest.hexdigest(), address, user_agent
        made.headers = _without_path(fields.kept) if "referer" in fields.lower else fields.kept
        made.facts, made.source = _NO_FACTS, "request"
        return made.close()  # type: ignore[no-any-return]

    def begin(self, url: str, received_at: datetime, method: str = "GET") -> Begun:
        """Return what a URL and its moment say of an event.

        Args:
            url: As a request or the line of a log has it.
            received_at: When it came, with a time zone.
            method: The HTTP method: on the leaving route only a POST acts.

        Raises:
            TokenError: As for :meth:`decode`.
        """
        return Begun(*self.fill(url, received_at, method))

    def fill(self, url: str, received_at: datetime, method: str) -> tuple[Any, str, str, int, bool]:
        """Return the same as :meth:`begin` as a plain tuple, which is made faster: every request passes here."""
        return self.fill_of(split(url), received_at, method)

    def fill_of(
        self, path: tuple[str, str, str], received_at: datetime, method: str
    ) -> tuple[Any, str, str, int, bool]:
        """Return the same of a URL that was taken apart, as every line of a log is."""
        route, token, link = path
        made: Any = OpenEvent()
        if route == "u":
            action, hit = self._signer.read_leave(token)
            is_act = method == "POST"
            kind = _ACTS[action] if is_act else Kind.LEAVE_PAGE
        else:
            hit, is_act = self._signer.read_hit(token), False
            kind = _OPEN if route == "o" else _CLICK
        campaign, made.recipient, made.message_id, made.variant, sent_at, opens, clicks, metadata, key = hit
        made.link, made.links, made.url, made.url_id, made.channel = (
            _NO_LINK if kind is not _CLICK else self._links.get((link, campaign)) or self._link(link, campaign, key)
        )
        made.kind, made.campaign, made.method = kind, campaign, method
        made.level = _FULL if is_act else opens if kind is _OPEN else clicks
        made.metadata = metadata and ({**metadata} if keeps_metadata(opens, clicks) else {})
        made.sent_at, made.received_at = sent_at, received_at
        made.expired = sent_at is not None and not self._least_age <= received_at - sent_at <= self._most_age
        made.unrecorded = 0
        return made, token, link, key, is_act

    def action(self, url: str) -> Action:
        """Return what the recipient may do at a URL of the leaving route.

        Raises:
            TokenError: If it is none, or not signed with our keys.
        """
        return self._signer.read_leave(split(url)[1])[0]

    def _link(self, link: str, campaign: str, key: int) -> _Link:
        """Return what an event has of a link; remembered if it is signed, for all readers of a mail have the same links.

        Args:
            link: Its token.
            campaign: The campaign of the mail's token.
            key: The number of the key that signed the mail's: it tells a short link, which has no signature.
        """
        if self._manifests is not None and link[0] == "s":
            return self._parts_of(_short(link, campaign, self._manifests), key)
        return self._links.put((link, campaign), self._parts_of(*self._signer.read_signed_link(link, campaign)))

    def _parts_of(self, target: Target, key: int) -> _Link:
        digest = self._url_hashes[key].copy()
        digest.update(target.url.encode("utf-8", "surrogatepass"))
        return target.number, target.links or None, target.url, digest.hexdigest(), target.channel


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
    """Return the verified destination behind a wrapped link, or the empty text."""
    try:
        route, token, link = split(url)
        if route != "c":
            return ""
        campaign = signer.read_hit(token).campaign
        if manifests is None or link[0] != "s":
            return signer.read_link(link, campaign).url
        return _short(link, campaign, manifests).url
    except TokenError:
        return ""


def is_open(url: str, signer: TokenSigner) -> bool:
    """Check whether a URL is that of a pixel signed with our keys."""
    try:
        route, token, _ = split(url)
        return route == "o" and bool(signer.read_hit(token))
    except TokenError:
        return False


def _short(link: str, campaign: str, manifests: Manifests) -> Target:
    """Return what a short link stands for in the manifest the host has of this campaign."""
    manifest = manifests(campaign)
    target = manifest.targets.get(link) if manifest is not None and manifest.campaign == campaign else None
    if target is None:
        raise BadToken("a short link that the campaign's manifest does not know")
    return target


def _without_path(kept: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    """Return header fields with a Referer by its host only."""
    return tuple([(name, _host(value) if name == "referer" else value) for name, value in kept])


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
