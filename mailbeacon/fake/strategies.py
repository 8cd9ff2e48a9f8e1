"""hypothesis strategies for tests of newsletter code: messages, newsletters, requests, sequences of hits.

The only module that imports hypothesis; without it, importing this raises ``MissingExtra``.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from mailbeacon.beacon import Beacon
from mailbeacon.errors import MissingExtra
from mailbeacon.fake.audiences import BUSINESS, CONSUMER, INTERNAL, Audience
from mailbeacon.fake.clients import BARE_CHROME, CRAWLERS, DESKTOP_BROWSERS, GMAIL_PROXY, MAIL_CLIENTS, SCRIPTS
from mailbeacon.fake.hits import Hit
from mailbeacon.fake.scenes import simulate
from mailbeacon.model import Message, Request
from mailbeacon.template import Template

try:
    from hypothesis import strategies as st
except ImportError as error:
    raise MissingExtra("test", purpose="mailbeacon.fake.strategies") from error

__all__ = ["hit_sequences", "messages", "moments", "newsletters", "requests"]

_NAMES = st.text(st.characters(codec="utf-8", exclude_characters="@"), min_size=1, max_size=30)
_WORDS = st.sampled_from(("Read on", "Order now", "Über uns", "View", "Tickets & times", "R&D", "今すぐ", "a < b"))
_HEADERS = (
    *(browser.plain.headers for browser in DESKTOP_BROWSERS.items[:3]),
    *(client.headers for one in MAIL_CLIENTS.values() for client in one[:1]),
    *(client.headers for choices in (BARE_CHROME, CRAWLERS, SCRIPTS) for client in choices.items),
    GMAIL_PROXY.headers,
)


def moments() -> st.SearchStrategy[datetime]:
    """Return moments in UTC, to the millisecond, within some years of mailing."""
    start = datetime(2020, 1, 1, tzinfo=UTC)
    return st.integers(0, 10 * 365 * 86_400_000).map(lambda milliseconds: start + timedelta(milliseconds=milliseconds))


@st.composite
def messages(draw: st.DrawFn, *, campaign: str | None = None) -> Message:
    """Return messages that any beacon can sign.

    Args:
        draw: Filled in by hypothesis.
        campaign: The campaign of all; ``None`` for any.
    """
    return Message(
        recipient=draw(_NAMES),
        campaign=draw(_NAMES) if campaign is None else campaign,
        id=draw(st.one_of(st.just(""), _NAMES)),
        variant=draw(st.sampled_from(("", "a", "b"))),
        sent_at=draw(st.one_of(st.none(), moments().map(lambda moment: moment.replace(microsecond=0)))),
    )


@st.composite
def newsletters(draw: st.DrawFn, *, max_links: int = 12) -> str:
    """Return well-formed HTML newsletters with links of the kinds that mails have.

    Args:
        draw: Filled in by hypothesis.
        max_links: The most links.
    """
    paragraphs = [f"<p>{_link(draw)}</p>" for _ in range(draw(st.integers(0, max_links)))]
    doctype = draw(
        st.sampled_from(("<!DOCTYPE html>", "", '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN">'))
    )
    return f"{doctype}<html><head><title>News</title></head><body>{''.join(paragraphs)}</body></html>"


def _link(draw: st.DrawFn) -> str:
    path = draw(st.text("abcdefghijklmnopqrstuvwxyz0123456789-/", max_size=40))
    query = draw(st.sampled_from(("", "?a=1&amp;b=2", "?q=x%20y", "#part", "?lang=en")))
    href = draw(
        st.sampled_from(
            (
                f"https://example.com/{path}{query}",
                f"http://shop.example.org/{path}{query}",
                "mailto:hello@example.com",
                "#top",
                "{{ preferences }}",
                "https://example.com/unsubscribe",
            )
        )
    )
    quote = draw(st.sampled_from("\"'"))
    label = draw(_WORDS).replace("&", "&amp;").replace("<", "&lt;")
    return f"<a href={quote}{href}{quote}>{label}</a>"


@st.composite
def requests(draw: st.DrawFn, urls: st.SearchStrategy[str] | None = None) -> Request:
    """Return requests as clients of every kind make them.

    Args:
        draw: Filled in by hypothesis.
        urls: What may be asked for; ``None`` for any path, which a beacon must stand too.
    """
    anything = st.text(st.characters(codec="utf-8"), max_size=80).map(lambda text: f"/{text}")
    return Request(
        url=draw(anything if urls is None else urls),
        method=draw(st.sampled_from(("GET", "GET", "GET", "HEAD", "POST", "OPTIONS"))),
        headers=draw(st.sampled_from(_HEADERS)),
        address=draw(st.one_of(st.just(""), st.ip_addresses(v=4).map(str), st.ip_addresses(v=6).map(str))),
        received_at=draw(moments()),
    )


@st.composite
def hit_sequences(
    draw: st.DrawFn,
    beacon: Beacon,
    template: Template,
    *,
    audience: Audience | None = None,
    max_recipients: int = 40,
) -> list[Hit]:
    """Return what small mailings bring, in order of time, with the truth.

    Args:
        draw: Filled in by hypothesis.
        beacon: Signs the tokens.
        template: The newsletter, compiled by it.
        audience: Who gets it; ``None`` for any preset.
        max_recipients: The most recipients.
    """
    chosen = draw(st.sampled_from((CONSUMER, BUSINESS, INTERNAL))) if audience is None else audience
    return list(
        simulate(
            beacon,
            template,
            chosen,
            recipients=draw(st.integers(0, max_recipients)),
            seed=draw(st.integers(0, 2**32)),
            sent_at=draw(moments()),
        )
    )
