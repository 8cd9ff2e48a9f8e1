"""From a request to a reply and an event: decode, observe, judge, then redact.

The reader comes first: whatever fails, a pixel is a pixel and a verified link redirects, and what failed is logged
under ``mailbeacon`` by its name alone. A redirect leads only to a destination that was signed, or that the host's own
manifest or ``fallback_url`` gives. :func:`respond` keeps nothing; :func:`deliver` hands over what it gave.
"""

from __future__ import annotations

from collections.abc import Callable

from mailbeacon.caches import Cache
from mailbeacon.errors import TokenError
from mailbeacon.links import destination_forms, location, route_of
from mailbeacon.model import (
    HONEYPOT_LINK,
    Action,
    Answer,
    Event,
    Facts,
    History,
    Judge,
    Kind,
    Level,
    Reply,
    Request,
    check_aware,
)
from mailbeacon.privacy import dated, level_now, limited, marked, metadata_now, without_client_ids
from mailbeacon.privacy import redact as drop_personal
from mailbeacon.replying.keeping import UNJUDGED, UNOBSERVED, judged, keep
from mailbeacon.replying.leaving import ACTS, LEAVING, leave_page, tell_host
from mailbeacon.replying.limiting import HitLimit
from mailbeacon.replying.replies import READING, page, pixel, redirect
from mailbeacon.settings import Settings, failed, utc_now

__all__ = ["Decode", "Observe", "Redact", "Responder", "deliver", "respond"]

_MOST_LOCATIONS = 1024
_OPEN = Kind.OPEN
_CLICK = Kind.CLICK
_NONE = Level.NONE
_DATE = Level.DATE
_FULL = Level.FULL

Decode = Callable[[Request], Event]
Observe = Callable[[Request, Kind], Facts]
Redact = Callable[[Event], Event]
FindAction = Callable[[str], Action]


class Responder:
    """What answers requests with one host's settings; one object serves all threads.

    Args:
        settings: Who may be recorded (``default_level``, ``consent``, ``honor_dnt``), what may be redirected to
            (``may_redirect``, ``fallback_url``), and the clock.
        decode: Gives the event of a request, a new one each time, without facts: these are put into it; raises
            ``TokenError``.
        observe: Gives the facts of a request of a kind.
        judge: Says who it was.
        redact: Takes from the judged event what is not kept.
        action: Gives what a URL of the leaving route lets its recipient do; ``None`` where that route is not answered.
    """

    __slots__ = ("_action", "_decode", "_judge", "_locations", "_observe", "_redact", "_settings")

    def __init__(
        self,
        settings: Settings,
        *,
        decode: Decode,
        observe: Observe,
        judge: Judge,
        redact: Redact,
        action: FindAction | None = None,
    ) -> None:
        self._settings = settings
        self._decode = decode
        self._observe = observe
        self._judge = judge
        self._redact = redact
        self._action = action
        self._locations: Cache[str, tuple[str, tuple[str, ...]]] = Cache(_MOST_LOCATIONS)

    def answer(self, request: Request, history: History | None = None) -> Answer:
        """Return the reply to a request, and what is to be recorded; never raises, and keeps nothing.

        Args:
            request: As it came; without ``received_at`` the moment is the clock's.
            history: Gives what came before.

        Returns:
            The reply, with the redacted event and its verdict where something may be recorded. A HEAD is answered as
            the GET without a body.
        """
        try:
            if request.method not in READING and not (request.method == "POST" and route_of(request.url) == "u"):
                return Answer(reply=_refused(request))
            if request.received_at is None:
                request = _dated(request, self._settings)
            try:
                event = self._decode(request)
            except TokenError:
                return Answer(reply=_undecoded(request, self._settings, 404))
            except Exception as error:
                failed(self._settings, "decoding (or manifests)", error)
                return Answer(reply=_undecoded(request, self._settings, 503))
            if event.kind is _OPEN:
                reply = pixel(request)
            elif event.kind is _CLICK:
                reply = self._clicked(event.url, request)
            elif self._action is not None:
                done = event.kind in ACTS
                reply = leave_page(self._action(request.url), request, self._settings, done=done)
            else:
                return Answer(reply=page(404, request))
        except Exception as error:
            failed(self._settings, "answering a request", error)
            return Answer(reply=_helpless(request))
        try:
            return self._recorded(reply, event, request, history)
        except Exception as error:
            failed(self._settings, "recording", error)
            return Answer(reply=page(503, request) if event.kind in ACTS else reply)

    def _clicked(self, url: str, request: Request) -> Reply:
        """Return the reply to a click on a verified link."""
        try:
            # remembered: all readers of a mail have the same links
            target, forms = self._locations.get(url) or self._locations.put(
                url, (location(url), destination_forms(url))
            )
        except ValueError:
            return _undecoded(request, self._settings, 404)
        may_redirect = self._settings.may_redirect
        if may_redirect is not None:
            try:
                if not all(map(may_redirect, forms)):
                    return page(410, request)
            except Exception as error:
                failed(self._settings, "may_redirect, which counts as yes,", error)
        return redirect(target)

    def _recorded(self, reply: Reply, event: Event, request: Request, history: History | None) -> Answer:
        """Return the reply with the event, where it may be recorded: observed, judged and then redacted."""
        is_act = event.kind in ACTS  # kept whatever was agreed to, but without what tells where it came from
        level = _FULL if is_act else level_now(event, request.fields.lower, self._settings)
        if is_act:
            metadata = metadata_now(event, self._settings)
            event = event.changed(address="", user_agent="", headers=(), metadata=metadata)
        if level is not _FULL:
            if level is _NONE:
                return Answer(reply=reply)
            event = limited(event, level)
        try:
            facts = self._observe(request, event.kind)
            if level is not _FULL or event.recipient is None or event.link == HONEYPOT_LINK:
                facts = marked(facts, event)
            if is_act:
                facts = without_client_ids(facts)
        except Exception as error:
            failed(self._settings, "observing", error)
            facts = UNOBSERVED
        # nobody else has this event yet: ``decode`` gives a new one each time, and a copy would cost 5 µs a request
        object.__setattr__(event, "facts", facts)
        verdict = UNJUDGED if facts is UNOBSERVED else judged(event, self._judge, history, self._settings)
        try:
            event = self._redact(event)
        except Exception as error:
            failed(self._settings, "redaction, so everything personal is dropped,", error)
            event = drop_personal(event)
        if level is _DATE:
            event = dated(event)
        return Answer(reply=reply, event=event, verdict=verdict)


def respond(
    request: Request,
    settings: Settings,
    *,
    decode: Decode,
    observe: Observe,
    judge: Judge,
    redact: Redact,
    action: FindAction | None = None,
    history: History | None = None,
) -> Answer:
    """Return the answer to one request: what :class:`Responder`, which is for many, does with the same arguments."""
    made = Responder(settings, decode=decode, observe=observe, judge=judge, redact=redact, action=action)
    return made.answer(request, history)


def deliver(
    answer: Answer,
    settings: Settings,
    history: History | None = None,
    *,
    limit: HitLimit | None = None,
    kept: bool = False,
) -> Reply:
    """Hand an answer's event to all who keep it, and return the reply; never raises.

    What one of them raises is told, and stops no other.

    Args:
        answer: As :func:`respond` gave it.
        settings: With ``sink`` and ``on_event``, which run before the reply goes out, so they should be quick.
        history: Remembers the event for later verdicts; ``None`` for that of the settings.
        limit: What bounds the rows of one mail; ``None`` for none.
        kept: Whether a sink that is not among the settings has the event already.
    """
    event, verdict = answer.event, answer.verdict
    if event is not None and limit is not None:
        event = limit.admit(event)
    if event is None or verdict is None:
        return answer.reply
    taken = keep(event, verdict, settings, history)
    if event.kind not in ACTS:
        return answer.reply
    return tell_host(event, answer.reply, settings, kept=kept or (taken and settings.sink is not None))


def _refused(request: Request) -> Reply:
    """Return the reply to a method that the route does not know."""
    route = route_of(request.url)
    return page(405 if route else 404, request, allow=LEAVING if route == "u" else READING)


def _dated(request: Request, settings: Settings) -> Request:
    """Return the request with the clock's moment; a broken clock costs no event."""
    try:
        moment = settings.clock()
        check_aware(moment, "the clock's moment")
    except Exception as error:
        failed(settings, "the clock", error)
        moment = utc_now()
    return request.dated(moment)


def _undecoded(request: Request, settings: Settings, status: int) -> Reply:
    """Return the reply to a request that says nothing we may believe."""
    route = route_of(request.url)
    if route == "o":
        return pixel(request)
    if route == "c" and settings.fallback_url:
        return redirect(location(settings.fallback_url))  # checked when the settings were made
    return page(status, request)


def _helpless(request: Request) -> Reply:
    """Return the reply to what is no proper request: the image or a page, by as much of it as can be read."""
    try:
        asked = Request(url=request.url, method=request.method)
        return pixel(asked) if route_of(asked.url) == "o" else page(503, asked)
    except Exception:
        return page(503, Request(url=""))
