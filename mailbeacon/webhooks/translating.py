"""From a provider's report to an event of the host's mail: whose mail it was, who did it, how much of it may be kept.

Takes no address for a recipient. Observes an open or a click as it would a request. Checks no signature, judges nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

from mailbeacon.beacon import Beacon
from mailbeacon.errors import ConfigError, TokenError, WebhookError
from mailbeacon.model import Event, Facts, Kind, Level, Message, Request
from mailbeacon.privacy import dated, keeps_metadata, level_now, limited, marked, metadata_now
from mailbeacon.replying.keeping import UNOBSERVED
from mailbeacon.settings import failed
from mailbeacon.tokens import Hit
from mailbeacon.webhooks.marks import hit_in
from mailbeacon.webhooks.reading import Report
from mailbeacon.webhooks.results import Passed

__all__ = ["DELIVERY_KINDS", "Kinds", "RecipientOf", "Translator", "wanted"]

READERS_KINDS = frozenset({Kind.OPEN, Kind.CLICK})
DELIVERY_KINDS = frozenset(Kind) - READERS_KINDS - {Kind.LEAVE_PAGE, Kind.WITHDRAW, Kind.UNKNOWN}
"""All that a provider knows better than the host: what became of a mail, complaints, unsubscribes."""
_AGENT = frozenset({"user-agent"})
_NONE: frozenset[str] = frozenset()
_LONGEST_NAME = 200

Kinds = str | Iterable[Kind]
"""``delivery``, ``all``, or the kinds themselves."""
RecipientOf = Callable[[str], "str | None"]
"""Returns the host's own name for the reader of an address, as the provider wrote it; ``None`` for one that is not known."""


def wanted(kinds: Kinds) -> frozenset[Kind]:
    """Return the kinds that are asked for.

    Raises:
        ConfigError: If they are none.
    """
    if kinds == "delivery":
        return DELIVERY_KINDS
    if kinds == "all":
        return frozenset(Kind) - {Kind.UNKNOWN}
    try:
        return frozenset(map(Kind, [kinds] if isinstance(kinds, str) else kinds))
    except (TypeError, ValueError) as error:
        raise ConfigError("kinds must be delivery, all, or a set of Kind") from error


class Translator:
    """Turn reports into events of one host's mails; one object serves all threads.

    Args:
        beacon: Whose mails they are.
        source: Who reports them, for ``Event.source``.
        kinds: What is wanted.
        recipient_of: Names the reader of an address.
    """

    def __init__(
        self, beacon: Beacon, source: str, *, kinds: frozenset[Kind], recipient_of: RecipientOf | None
    ) -> None:
        self.beacon = beacon
        self._source = source
        self._kinds = kinds
        self._recipient_of = recipient_of
        self._ids = beacon.signer.keyed_hashes("webhook-id")
        # as decoding names destinations, so that a link is one whoever tells of the click
        self._urls = beacon.signer.keyed_hashes("url", 8)

    def event(self, report: Report, arrived: datetime) -> Event | Passed:
        """Return the event of a report with its facts, not redacted, or why there is none.

        Raises:
            WebhookError: If the report cannot be used.
        """
        kind = report.kind
        if kind is None:
            return Passed.SAYS_NOTHING
        if kind not in self._kinds:
            return Passed.UNKNOWN_KIND if kind is Kind.UNKNOWN else Passed.NOT_WANTED
        if report.at is None:
            raise WebhookError("the time is missing or cannot be read")
        hit = self._hit(report)
        if hit is None:
            return Passed.NOT_OURS
        # nothing can have happened after it was told; a little is the clocks' doing
        at = report.at if report.at <= arrived + self.beacon.settings.clock_skew else arrived
        event = self._made(report, kind, hit, at)
        level = event.level
        if kind in READERS_KINDS:
            level = level_now(event, {}, self.beacon.settings)
            if level is Level.NONE:
                return Passed.NOT_ALLOWED
            event = event.changed(facts=self._facts(report, kind, at))
        else:
            event = event.changed(metadata=metadata_now(event, self.beacon.settings))
        if level is not Level.FULL:
            event = limited(event, level)
        if event.recipient is None or level is not Level.FULL:
            event = event.changed(facts=marked(event.facts, event))
        return event

    def finished(self, event: Event) -> Event:
        """Return an event as it may be kept: redacted, and at level DATE only its day."""
        return dated(event) if event.level is Level.DATE else self.beacon.redact(event)

    def _made(self, report: Report, kind: Kind, hit: Hit, at: datetime) -> Event:
        """Return the event of a report, with all that is known, and without facts."""
        # one message to several addresses names one recipient at most, and not the one that is reported
        recipient = self._named(report.address) if report.shared and hit.recipient else hit.recipient
        by_reader = kind in READERS_KINDS
        followed = self._followed(report.url, at, hit.key) if kind is Kind.CLICK else {}
        level = hit.clicks if kind is Kind.CLICK else hit.opens
        return Event(
            id=self._id(report, kind, hit.key),
            kind=kind,
            received_at=at,
            recipient=recipient or None,
            campaign=hit.campaign,
            message_id=hit.message_id,
            variant=hit.variant,
            sent_at=hit.sent_at,
            expired=self._is_expired(hit.sent_at, at, kind),
            metadata=hit.metadata if keeps_metadata(hit.opens, hit.clicks) else {},
            level=level if by_reader or level is Level.AGGREGATE else Level.FULL,
            address=report.ip if by_reader else "",
            user_agent=report.user_agent if by_reader else "",
            source=self._source,
            **followed,
        )

    def _hit(self, report: Report) -> Hit | None:
        """Return what is known of the mail a report is of: from the host's metadata, or by its address."""
        signer = self.beacon.signer
        hit = hit_in(report.carried, signer)
        if hit is not None or self._recipient_of is None:
            return hit
        recipient = self._named(report.address)
        if not recipient:
            return None
        campaign, full = report.campaign[:_LONGEST_NAME], Level.FULL
        message = Message(recipient=recipient, campaign=campaign, id=report.message[:_LONGEST_NAME])
        return Hit(campaign, recipient, signer.message_id(message), "", None, full, full, {}, 0)

    def _named(self, address: str) -> str:
        """Ask the host for its own name for the reader of an address.

        Raises:
            WebhookError: If it fails, or gives an address.
        """
        bare = address.rpartition("<")[2].rstrip("> \t\r\n").strip()
        if self._recipient_of is None or not bare:
            return ""
        try:
            found = self._recipient_of(bare)
        except Exception as error:
            failed(self.beacon.settings, "recipient_of", error)
            raise WebhookError(f"recipient_of failed: {type(error).__name__}", status=503) from error
        if found is None:
            return ""
        if not isinstance(found, str) or ("@" in found and not self.beacon.settings.allow_addresses):
            raise WebhookError("recipient_of must give the host's own name for a reader, not an address")
        return found

    def _followed(self, url: str, at: datetime, key: int) -> dict[str, Any]:
        """Return where a click led: behind our own wrapped link, the destination; the link itself holds a token."""
        if not url:
            return {}
        if not self.beacon.routes.owns(url):
            digest = self._urls[key].copy()
            digest.update(url.encode("utf-8", "surrogatepass"))
            return {"url": url, "url_id": digest.hexdigest()}
        try:
            inner = self.beacon.decode(Request(url=url, received_at=at))
        except TokenError:
            return {}
        return {name: getattr(inner, name) for name in ("url", "url_id", "link", "links", "channel")}

    def _facts(self, report: Report, kind: Kind, at: datetime) -> Facts:
        agent = report.user_agent
        try:
            seen = Request(
                url="",
                headers={"User-Agent": agent} if agent else {},
                address=report.ip[:64],
                received_at=at,
                headers_known=_AGENT if agent else _NONE,
            )
            facts = self.beacon.observer.observe(seen, kind)
        except Exception as error:
            failed(self.beacon.settings, "observing", error)
            facts = UNOBSERVED
        hints = report.hints if agent else report.hints | UNOBSERVED.hints
        return facts if hints <= facts.hints else facts.changed(hints=facts.hints | hints)

    def _is_expired(self, sent_at: datetime | None, at: datetime, kind: Kind) -> bool:
        if sent_at is None:
            return False
        settings = self.beacon.settings
        age = at - sent_at
        too_old = (
            kind in READERS_KINDS and settings.max_age is not None and age > settings.max_age + settings.clock_skew
        )
        return too_old or age < timedelta() - settings.clock_skew

    def _id(self, report: Report, kind: Kind, key: int) -> str:
        """Name a report by the provider's own name for it, or by all that tells it from another.

        One message to several addresses is reported under one name, an event for each. Nothing else is mixed in: where a
        provider signs the name alone, what is posted again with another content is the event it was.
        """
        name = report.id or f"{kind}\0{report.message}\0{report.at}\0{report.url}\0{report.address}"
        digest = self._ids[key].copy()
        digest.update(
            f"{self._source}\0{report.address if report.shared else ''}\0{name}".encode("utf-8", "surrogatepass")
        )
        return digest.hexdigest()
