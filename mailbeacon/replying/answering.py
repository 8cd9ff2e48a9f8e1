"""From a request to a reply and an event: decode, observe, judge, then redact.

The reader comes first: whatever fails, a pixel is a pixel and a verified link redirects, and what failed is logged
under ``mailbeacon`` by its name alone. A redirect leads only to a destination that was signed, or that the host's own
manifest or ``fallback_url`` gives. :func:`respond` keeps nothing; :func:`deliver` hands over what it gave.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable
from contextlib import suppress
from urllib.parse import unquote

from mailbeacon.errors import TokenError
from mailbeacon.links import location
from mailbeacon.model import (
    HONEYPOT_LINK,
    Actor,
    Answer,
    Event,
    Facts,
    Hint,
    History,
    Judge,
    Kind,
    Level,
    Message,
    Reply,
    Request,
    Verdict,
    check_aware,
)
from mailbeacon.model.drafts import draft_of
from mailbeacon.privacy import effective_level, opted_out, unlinked
from mailbeacon.privacy import redact as drop_personal
from mailbeacon.replying.pages import READING, page, pixel, redirect
from mailbeacon.settings import Settings, utc_now

__all__ = ["Decode", "Observe", "Redact", "deliver", "marked", "respond"]

_log = logging.getLogger("mailbeacon")
_ROUTE = re.compile(r"(?:.*/)?([ocu])/", re.DOTALL)
_MAX_URL = 16_384
_UNSEEN = Facts(hints=frozenset({Hint.HEADERS_UNKNOWN}))
"""The facts of an event that could not be observed: nobody can say who made it."""
"""Where observing failed, what is missing says nothing."""
_AnswerDraft = draft_of(Answer)

Decode = Callable[[Request], Event]
Observe = Callable[[Request, Kind], Facts]
Redact = Callable[[Event], Event]


def respond(
    request: Request,
    settings: Settings,
    *,
    decode: Decode,
    observe: Observe,
    judge: Judge,
    redact: Redact,
    history: History | None = None,
) -> Answer:
    """Answer a request, and tell what is to be recorded; never raises, and keeps nothing.

    Args:
        request: As it came; without ``received_at`` the moment is the clock's.
        settings: Who may be recorded (``default_level``, ``consent``, ``honor_dnt``), what may be redirected to
            (``may_redirect``, ``fallback_url``), and the clock.
        decode: Gives the event of a request, without facts; raises ``TokenError``.
        observe: Gives the facts of a request of a kind.
        judge: Says who it was.
        redact: Takes from the judged event what is not kept.
        history: Gives what came before.

    Returns:
        The reply, with the redacted event and its verdict where something may be recorded. A HEAD is answered as the
        GET without a body.
    """
    try:
        return _respond(request, settings, decode, observe, judge, redact, history)
    except Exception as error:
        _failed("answering a request", error)
        return Answer(reply=pixel(request) if _route(request.url) == "o" else page(503, request))


def deliver(answer: Answer, settings: Settings, history: History | None = None) -> Reply:
    """Hand an answer's event to all who keep it, and give the reply; never raises.

    What one of them raises is logged, and stops no other.

    Args:
        answer: As :func:`respond` gave it.
        settings: With ``sink`` and ``on_event``, which run before the reply goes out, so they should be quick.
        history: Remembers the event for later verdicts; ``None`` for that of the settings.
    """
    event, verdict = answer.event, answer.verdict
    if event is None or verdict is None:
        return answer.reply
    if settings.sink is not None:
        try:
            settings.sink.record(event, verdict)
        except Exception as error:
            _failed(f"the sink, so event {event.id} is not kept,", error)
    known = settings.history if history is None else history
    if known is not None:
        try:
            known.add(event)
        except Exception as error:
            _failed("the history", error)
    if settings.on_event is not None:
        try:
            settings.on_event(event, verdict)
        except Exception as error:
            _failed("on_event", error)
    return answer.reply


def _respond(
    request: Request,
    settings: Settings,
    decode: Decode,
    observe: Observe,
    judge: Judge,
    redact: Redact,
    history: History | None,
) -> Answer:
    if request.method not in READING:
        return Answer(reply=page(405 if _route(request.url) in ("o", "c") else 404, request))
    if request.received_at is None:
        request = _dated(request, settings)
    try:
        event = decode(request)
    except TokenError:
        return Answer(reply=_undecoded(request, settings, 404))
    except Exception as error:
        _failed("decoding (or manifests)", error)
        return Answer(reply=_undecoded(request, settings, 503))
    if event.kind is Kind.OPEN:
        reply = pixel(request)
    elif event.kind is Kind.CLICK:
        reply = _clicked(event.url, request, settings)
    else:
        return Answer(reply=page(404, request))
    try:
        level = _level(event, request, settings)
        if level is Level.NONE:
            return Answer(reply=reply)
        event = event.changed(facts=_facts(request, event, level, observe), level=level)
        verdict = _judged(event, judge, history)
        return _answer(reply, _redacted(event, redact), verdict)
    except Exception as error:
        _failed("recording", error)
        return Answer(reply=reply)


def _answer(reply: Reply, event: Event, verdict: Verdict) -> Answer:
    draft = _AnswerDraft()
    draft.reply = reply
    draft.event = event
    draft.verdict = verdict
    draft.__class__ = Answer
    answer: Answer = draft
    return answer


def _dated(request: Request, settings: Settings) -> Request:
    """Give the request the clock's moment; a broken clock costs no event."""
    try:
        moment = settings.clock()
        check_aware(moment, "the clock's moment")
    except Exception as error:
        _failed("the clock", error)
        moment = utc_now()
    return Request(
        url=request.url,
        method=request.method,
        headers=request.fields,
        address=request.address,
        received_at=moment,
        body=request.body,
    )


def _level(event: Event, request: Request, settings: Settings) -> Level:
    """Give how much may be known of an event now; in doubt, nothing."""
    try:
        today = Level.FULL
        if settings.consent is not None and event.level is not Level.NONE:
            today = settings.consent(_message(event), event.kind)
        level = effective_level(event.level, settings.default_level, today)
    except Exception as error:
        _failed("consent, which counts as none,", error)
        return Level.NONE
    if event.kind is Kind.CLICK:
        fields = request.fields
        if opted_out(fields.get_lower("sec-gpc")) or (settings.honor_dnt and opted_out(fields.get_lower("dnt"))):
            return Level.NONE
    return level


def _message(event: Event) -> Message:
    """Give the message of an event, for the host's consent callback."""
    return Message(
        recipient=event.recipient or "",
        campaign=event.campaign,
        id=event.message_id,
        variant=event.variant,
        sent_at=event.sent_at,
        opens=event.level,
        clicks=event.level,
    )


def marked(facts: Facts, event: Event) -> Facts:
    """Give the facts of an event, with the hint that it followed the link no reader sees."""
    return facts.changed(hints=facts.hints | {Hint.HONEYPOT}) if event.link == HONEYPOT_LINK else facts


def _facts(request: Request, event: Event, level: Level, observe: Observe) -> Facts:
    try:
        facts = marked(observe(request, event.kind), event)
    except Exception as error:
        _failed("observing", error)
        return _UNSEEN
    return facts if level is Level.FULL and event.recipient is not None else unlinked(facts)


def _judged(event: Event, judge: Judge, history: History | None) -> Verdict:
    if event.facts is _UNSEEN:
        return Verdict(actor=Actor.UNKNOWN)
    earlier: Iterable[Event] = ()
    if history is not None:
        try:
            earlier = tuple(history.recent(event))
        except Exception as error:
            _failed("the history", error)
    try:
        return judge.classify(event, earlier)
    except Exception as error:
        _failed("judging", error)
        return Verdict(actor=Actor.UNKNOWN)


def _redacted(event: Event, redact: Redact) -> Event:
    try:
        return redact(event)
    except Exception as error:
        _failed("redaction, so everything personal is dropped,", error)
        return drop_personal(event)


def _undecoded(request: Request, settings: Settings, status: int) -> Reply:
    """Reply to a request that says nothing we may believe."""
    route = _route(request.url)
    if route == "o":
        return pixel(request)
    if route == "c" and settings.fallback_url:
        with suppress(ValueError):
            return redirect(location(settings.fallback_url))
    return page(status, request)


def _clicked(url: str, request: Request, settings: Settings) -> Reply:
    """Reply to a click on a verified link."""
    try:
        target = location(url)
    except ValueError:
        return _undecoded(request, settings, 404)
    if settings.may_redirect is not None:
        try:
            if not settings.may_redirect(url):
                return page(410, request)
        except Exception as error:
            _failed("may_redirect, which counts as yes,", error)
    return redirect(target)


def _route(url: str) -> str:
    """Give the route a URL is meant for, ``o``, ``c`` or ``u``, whatever its tokens are worth; empty for none."""
    path = url[:_MAX_URL].partition("?")[0].partition("#")[0]
    found = _ROUTE.match(unquote(path, errors="replace") if "%" in path else path)
    return found[1] if found else ""


def _failed(what: str, error: Exception) -> None:
    """Log that something of the host's failed: by its name and the error's, for the error's text may name a person."""
    with suppress(Exception):
        _log.error("%s failed: %s", what, type(error).__name__)
