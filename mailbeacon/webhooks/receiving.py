"""From a provider's post to events and a reply: what a host calls.

Believes nothing that is not proved to be the provider's, and gives out nothing that is not redacted.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable

from mailbeacon.beacon import Beacon
from mailbeacon.errors import ConfigError, WebhookError
from mailbeacon.model import Event, Level, Reply, Request
from mailbeacon.replying import failed, judged, keep
from mailbeacon.webhooks.gate import Gate, Key
from mailbeacon.webhooks.providers import PROVIDERS
from mailbeacon.webhooks.reading import Fields, Post, Provider
from mailbeacon.webhooks.results import Events, Passed, Rejected, reply
from mailbeacon.webhooks.sns import Sns
from mailbeacon.webhooks.translating import Kinds, RecipientOf, Translator, wanted

__all__ = ["MOST_BYTES", "Receiver", "receiver"]

_log = logging.getLogger("mailbeacon")

MOST_BYTES = 8_000_000
"""Longer bodies are refused unread."""


def receiver(
    provider: str,
    beacon: Beacon,
    *,
    key: Key = None,
    password: object = None,
    unsigned: bool = False,
    recipient_of: RecipientOf | None = None,
    kinds: Kinds = "delivery",
    url: str = "",
) -> Receiver:
    """Return what reads one provider's webhooks.

    Args:
        provider: ``ses``, ``sendgrid``, ``mailgun``, ``postmark``, ``sparkpost``, ``brevo``, ``mailjet``, ``mandrill``,
            ``resend``, ``mailersend``, ``mailtrap``, ``postal``, ``unisender``, ``scaleway`` or ``azure``.
        beacon: Whose mails are reported, and whose settings say what may be recorded.
        key: What the provider signs with; several in a list while one replaces another. For ``ses`` and ``scaleway`` an
            :class:`Sns`, for ``postal`` its public key or a :class:`PostalKey`.
        password: What the provider was told to send along, by Basic Auth (``password`` or ``user:password``), as a bearer
            token, or in the header field ``X-Webhook-Token``; several in a list. With ``key`` too, both must hold.
        unsigned: Check nothing: something before this does.
        recipient_of: Names the reader of a mail that was sent without ``Beacon.metadata``.
        kinds: What is wanted: ``delivery`` leaves opens and clicks out, of which the host's own pixel and links tell more;
            ``all``; or the kinds themselves.
        url: The webhook's URL as it stands in the provider's console, for ``mandrill``, which signs it.

    Raises:
        ConfigError: If there is no such provider, the key is none, or anybody could post.
        MissingExtra: If a public key is needed and ``cryptography`` is not installed.
    """
    found = PROVIDERS.get(provider)
    if found is None:
        raise ConfigError(f"there is no provider {provider!r:.40}: choose one of {', '.join(PROVIDERS)}")
    if not isinstance(beacon, Beacon):
        raise ConfigError(f"beacon must be a Beacon, got {type(beacon).__name__}")
    if recipient_of is not None and not callable(recipient_of):
        raise ConfigError(f"recipient_of must be callable, got {type(recipient_of).__name__}")
    gate = Gate(found, key, password, unsigned=unsigned, hook=url)
    on_subscribe = next((one.on_subscribe for one in (key, *_listed(key)) if isinstance(one, Sns)), None)
    reader = Translator(beacon, found.name, kinds=wanted(kinds), recipient_of=recipient_of)
    return Receiver(found, reader, gate, hook=url, on_subscribe=on_subscribe)


def _allowed(request: Request) -> Iterable[tuple[str, str]]:
    """Return the field that lets a sender of CloudEvents post, if it asks. Source: CloudEvents, HTTP 1.1 web hooks, 2022."""
    origin = request.fields.lower.get("webhook-request-origin", "")
    if request.method == "OPTIONS" and origin and origin.isascii() and origin.isprintable():
        yield ("WebHook-Allowed-Origin", origin)


def _listed(key: Key) -> Iterable[object]:
    return key if isinstance(key, list | tuple) else ()


class Receiver:
    """Read and answer what one provider posts; one object serves all threads. :func:`receiver` makes it."""

    def __init__(
        self,
        provider: Provider,
        reader: Translator,
        gate: Gate,
        *,
        hook: str = "",
        on_subscribe: Callable[[str], object] | None = None,
    ) -> None:
        self._provider = provider
        self._reader = reader
        self._gate = gate
        self._hook = hook
        self._on_subscribe = on_subscribe

    def __repr__(self) -> str:
        return f"Receiver({self._provider.name!r})"

    def read(self, request: Request) -> Events:
        """Return the events of a post, with facts, redacted; those of readers at level DATE are that of a day.

        Args:
            request: With the raw body and all header fields; without ``received_at`` the moment is the clock's.

        Raises:
            ForgedWebhook: If the provider did not send it.
            WebhookError: If it cannot be read; its ``status`` is the one to answer with.
        """
        events = self._read(request)
        kept = [event for event in events if event.level is not Level.DATE or not self._is_machines(event)]
        if len(kept) < len(events):
            events.passed[Passed.NOT_ALLOWED] = events.passed.get(Passed.NOT_ALLOWED, 0) + len(events) - len(kept)
        events[:] = [self._reader.finished(event) for event in kept]
        return events

    def _is_machines(self, event: Event) -> bool:
        """Check whether a machine did it: of a reader at level DATE only the day may be kept, which a machine cannot tell."""
        beacon = self._reader.beacon
        return judged(event, beacon.judge, None, beacon.settings).is_human is False

    def _read(self, request: Request) -> Events:
        """Return the events of a post with all that is known."""
        if not isinstance(request, Request):
            raise ConfigError(f"request must be a Request, got {type(request).__name__}")
        if request.method in ("GET", "HEAD", "OPTIONS"):
            return Events(reply=reply(200, *_allowed(request)))
        if len(request.body) > MOST_BYTES:
            raise WebhookError(f"the body has over {MOST_BYTES:,} bytes", status=413)
        arrived = request.received_at or self._reader.beacon.settings.clock()
        post = Post(request, arrived, self._hook)
        self._gate.check(post)
        set_up = self._provider.set_up(post)
        return self._events(post) if set_up is None else set_up

    def answer(self, request: Request) -> Reply:
        """Read a post, judge and keep its events, and give the reply; never raises.

        A GET, HEAD or OPTIONS comes when a webhook is set up and holds no event; by any other method, a body is a post.

        Returns:
            200 for all that is not forged, also where it says nothing or nothing that can be read. 401 or 403 for what is
            forged, 413 for a body too long to be read. 503, the one exception, asks to send it again
            where the host's own sink or callback failed: only that saves the events, and having the provider's ids, what
            was kept is kept once.
        """
        try:
            events = self._read(request)
            taken = [self._keep(event) for event in sorted(events, key=lambda one: one.received_at)]
            if events.subscribe_url and self._on_subscribe is not None:
                self._on_subscribe(events.subscribe_url)
        except WebhookError as error:
            _log.warning("a webhook of %s was not read: %s", self._provider.name, error)
            headers = [("WWW-Authenticate", "Basic")] if error.status == 401 else []
            return reply(error.status, *headers)
        except Exception as error:
            failed(self._reader.beacon.settings, "answering a webhook", error)
            return reply(503)
        if events.rejected:
            _log.warning("%d events of %s could not be read", len(events.rejected), self._provider.name)
        return events.reply if all(taken) else reply(503)

    def _keep(self, event: Event) -> bool:
        """Judge and keep an event, and tell whether the sink took it."""
        beacon = self._reader.beacon
        verdict = judged(event, beacon.judge, beacon.history, beacon.settings)
        return keep(self._reader.finished(event), verdict, beacon.settings, beacon.history)

    def _events(self, post: Post) -> Events:
        provider, events, rejected = self._provider, list[Event](), list[Rejected]()
        passed: Counter[Passed] = Counter()
        for number, raw in enumerate(provider.split(post)):
            try:
                if not isinstance(raw, dict):
                    raise WebhookError("not an object")
                for report in provider.read(Fields(raw), post):
                    found = self._reader.event(report, post.arrived)
                    if isinstance(found, Event):
                        events.append(found)
                    else:
                        passed[found] += 1
            except WebhookError as error:
                if error.status != 200:
                    raise
                rejected.append(Rejected(number=number, reason=str(error)))
        return Events(events, rejected=rejected, passed=passed, reply=reply())
