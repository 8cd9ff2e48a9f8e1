"""The pages for leaving, and the host's word that it was done.

A GET shows what the button will do; only a POST acts, whatever it holds: the mailbox provider's one-click button sends
one without a cookie, and so does the page. No address, recipient or token stands on any page.
Source: RFC 8058 (2017), section 3.
"""

from __future__ import annotations

from mailbeacon.model import Action, Event, Kind, Leave, Reply, Request
from mailbeacon.replying.replies import form_page, page
from mailbeacon.replying.texts import choose_text
from mailbeacon.settings import Settings, failed

__all__ = ["ACTS", "LEAVING", "leave_page", "tell_host"]

LEAVING = ("GET", "HEAD", "POST")
"""The methods that are answered on the leaving route."""
ACTS = {Kind.UNSUBSCRIBE: Action.UNSUBSCRIBE, Kind.WITHDRAW: Action.STOP_TRACKING}
"""What the recipient did, by the kind of event."""


def leave_page(action: Action, request: Request, settings: Settings, *, done: bool) -> Reply:
    """Return the page that asks, or the one that says it is done; never a redirect, and the same however often."""
    accepted = request.fields.get_lower("accept-language")
    language, words = choose_text(action, accepted, settings.leave_texts)
    if done:
        return form_page(request, title=words.done_title, text=words.done_text, language=language)
    return form_page(request, title=words.title, text=words.text, button=words.button, language=language)


def tell_host(event: Event, reply: Reply, settings: Settings, *, kept: bool) -> Reply:
    """Call the host's hook as a recipient leaves, and return the reply: the given one only where somebody knows of it now.

    Args:
        event: Of a kind in :data:`ACTS`.
        reply: Says that it is done.
        settings: With ``on_leave``.
        kept: Whether the sink took the event.
    """
    leave = Leave(
        action=ACTS[event.kind],
        recipient=event.recipient or "",
        campaign=event.campaign,
        message_id=event.message_id,
        received_at=event.received_at,
    )
    if settings.on_leave is not None:
        try:
            settings.on_leave(leave)
        except Exception as error:
            failed(settings, "on_leave, so a recipient is not taken off the list,", error)
            return page(503, Request(url=""))
        return reply
    if kept:
        return reply
    failed(settings, "leaving, for there is neither on_leave nor a sink that took it,", LookupError())
    return page(503, Request(url=""))
