"""Brevo's transactional webhooks."""

from __future__ import annotations

from collections.abc import Iterator

from mailbeacon.model import Hint, Kind
from mailbeacon.webhooks.reading import PROXY, Fields, Post, Provider, Report, each

__all__ = ["PROVIDER"]

KINDS = {
    "request": Kind.SENT,
    "delivered": Kind.DELIVERED,
    "deferred": Kind.DEFERRED,
    "soft_bounce": Kind.DEFERRED,
    "hard_bounce": Kind.BOUNCED,
    "invalid_email": Kind.REJECTED,
    "blocked": Kind.REJECTED,
    "error": Kind.REJECTED,
    "spam": Kind.COMPLAINED,
    "complaint": Kind.COMPLAINED,
    "unsubscribe": Kind.UNSUBSCRIBE,
    "unsubscribed": Kind.UNSUBSCRIBE,
    "opened": Kind.OPEN,
    "unique_opened": Kind.OPEN,
    "proxy_open": Kind.OPEN,
    "unique_proxy_open": Kind.OPEN,
    "click": Kind.CLICK,
    "list_addition": Kind.SUBSCRIBED,
}
FLAGS = {"proxy_open": Hint.PROVIDER_PROXY, "unique_proxy_open": Hint.PROVIDER_PROXY}


def _read(event: Fields, post: Post) -> Iterator[Report]:  # noqa: ARG001 - the shape of every reader
    word = event.text("event")
    yield Report(
        kind=KINDS.get(word, Kind.UNKNOWN),
        # the account's own zone is in `date` and `ts`; this one is UTC
        at=event.seconds("ts_epoch", per_second=1000) or event.seconds("ts_event"),
        address=event.text("email"),
        message=event.text("message-id"),
        campaign=event.only("tags"),
        carried=(event.get("X-Mailin-custom"), event.get("tags"), event.get("tag")),
        url=event.text("link"),
        user_agent=event.text("user_agent"),
        hints=PROXY if word in FLAGS else frozenset(),
    )


PROVIDER = Provider(
    name="brevo",
    title="Brevo",
    kinds=KINDS,
    flags=FLAGS,
    carried="`X-Mailin-custom`, `tags`",
    signed="nothing: Basic Auth, a bearer token, or a header field of your own",
    source="Brevo developer documentation, transactional webhooks, 2026",
    split=each,
    read=_read,
)
