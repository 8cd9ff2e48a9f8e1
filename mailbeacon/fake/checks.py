"""Assertions for tests of newsletter code, which say what was found when they fail.

A message may name a made-up recipient of the test; these are for tests only. They need no test framework.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

from mailbeacon.beacon import Beacon
from mailbeacon.errors import TokenError
from mailbeacon.fake.inbox import Letter, Mail
from mailbeacon.links import parse
from mailbeacon.model import Actor, Event, Kind, Verdict

__all__ = ["Kept", "assert_clicked_by", "assert_not_tracked", "assert_opened_by", "assert_tracked"]

Pairs = Iterable[tuple[Event, Verdict | None]]


class Kept(Protocol):
    """A sink that gives back what it keeps, such as ``MemorySink``."""

    def events(self) -> Iterator[tuple[Event, Verdict | None]]:
        """Return events with their verdicts."""


def assert_tracked(html: Mail, beacon: Beacon | None = None, *, links: int | None = None) -> None:
    """Raise unless a mail has one pixel and wrapped links.

    Args:
        html: The mail as it was sent: its HTML, its bytes, or an object such as ``EmailMessage``.
        beacon: Check too that this beacon signed all of them; ``None`` looks at the form of the URLs only.
        links: How many wrapped links there must be; ``None`` for one at least, unless the mail has no links at all.

    Raises:
        AssertionError: Saying what is missing.
        ConfigError: If it is no mail, or has no HTML.
    """
    __tracebackhide__ = True
    letter = Letter(html)
    pixels, wrapped = letter.pixels, letter.wrapped
    if len(pixels) != 1:
        raise AssertionError(f"expected one tracking pixel, found {len(pixels)} among {len(letter.images)} images")
    if links is None and letter.links and not wrapped:
        raise AssertionError(f"none of the {len(letter.links)} links is wrapped: {_labels(letter)}")
    if links is not None and len(wrapped) != links:
        raise AssertionError(f"expected {links} wrapped links, found {len(wrapped)} of {_labels(letter)}")
    if beacon is not None:
        for url in (*pixels, *wrapped):
            _check_signed(url, beacon)


def assert_not_tracked(html: Mail) -> None:
    """Raise if a mail has a tracking pixel or a wrapped link.

    Raises:
        AssertionError: Saying what was found.
        ConfigError: If it is no mail, or has no HTML.
    """
    __tracebackhide__ = True
    letter = Letter(html)
    if letter.pixels:
        raise AssertionError(f"expected no tracking, found {len(letter.pixels)} tracking pixel(s)")
    if letter.wrapped:
        raise AssertionError(f"expected no tracking, found {len(letter.wrapped)} wrapped link(s) of {_labels(letter)}")


def assert_opened_by(kept: Kept | Pairs, recipient: str, *, actor: Actor | None = None) -> Event:
    """Return the first open of a recipient's mail; raise if there is none.

    Args:
        kept: A sink, or pairs of event and verdict.
        recipient: The host's name for the recipient.
        actor: Who it must have been, by the verdict; ``None`` for anybody.

    Raises:
        AssertionError: Saying what was recorded instead.
    """
    __tracebackhide__ = True
    return _found(kept, Kind.OPEN, recipient, actor, "")


def assert_clicked_by(kept: Kept | Pairs, recipient: str, *, url: str = "", actor: Actor | None = None) -> Event:
    """Return the first click of a recipient; raise if there is none.

    Args:
        kept: A sink, or pairs of event and verdict.
        recipient: The host's name for the recipient.
        url: The link's destination; empty for any.
        actor: Who it must have been, by the verdict; ``None`` for anybody.

    Raises:
        AssertionError: Saying what was recorded instead.
    """
    __tracebackhide__ = True
    return _found(kept, Kind.CLICK, recipient, actor, url)


def _found(kept: Kept | Pairs, kind: Kind, recipient: str, actor: Actor | None, url: str) -> Event:
    __tracebackhide__ = True
    pairs = list(kept if isinstance(kept, Iterable) else kept.events())
    for event, verdict in pairs:
        fits = event.kind is kind and event.recipient == recipient and url in ("", event.url)
        if fits and (actor is None or (verdict is not None and verdict.actor is actor)):
            return event
    article = "an" if kind is Kind.OPEN else "a"
    wanted = f"{kind.value} by {recipient!r}" + (f" as {actor.value}" if actor else "") + (f" of {url}" if url else "")
    seen = ", ".join(_shown(event, verdict) for event, verdict in pairs[:10]) or "nothing"
    raise AssertionError(f"expected {article} {wanted}; recorded: {seen}{' …' if len(pairs) > 10 else ''}")


def _shown(event: Event, verdict: Verdict | None) -> str:
    who = f" as {verdict.actor.value}" if verdict else ""
    return f"{event.kind.value} by {event.recipient!r}{who}{f' of {event.url}' if event.url else ''}"


def _check_signed(url: str, beacon: Beacon) -> None:
    __tracebackhide__ = True
    path = parse(url)
    try:
        message = beacon.signer.read_message(path.token)
        if path.kind == "c" and not path.link.startswith("s"):
            beacon.signer.read_link(path.link, message.campaign)
    except TokenError as error:
        what = "the pixel" if path.kind == "o" else "a link"
        raise AssertionError(f"{what} is not signed by this beacon: {error}") from error


def _labels(letter: Letter) -> str:
    return ", ".join(repr(text) for _, text in letter.links) or "no links"
