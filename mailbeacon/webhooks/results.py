"""What a receiver gives: the events of one post, and what became of the rest of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from mailbeacon.model import Event, Reply

__all__ = ["Events", "Passed", "Rejected", "reply"]


class Passed(StrEnum):
    """Why something a provider reported became no event."""

    NOT_OURS = "not-ours"
    """It is of a mail that was sent without ``Beacon.metadata``, and ``recipient_of`` does not know its address."""
    NOT_WANTED = "not-wanted"
    """It is of a kind that was not asked for."""
    NOT_ALLOWED = "not-allowed"
    """The mail's level, or the recipient's consent of today, lets it not be recorded."""
    SAYS_NOTHING = "says-nothing"
    """It is known, and says nothing of a mail: a mail that waits, an automatic answer."""
    UNKNOWN_KIND = "unknown-kind"
    """It is a word that this version does not know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """One event of a post that could not be read.

    Attributes:
        number: Its place in the post, from 0.
        reason: What is wrong, without anything that names a person.
    """

    number: int
    reason: str


def reply(status: int = 200, *headers: tuple[str, str], body: bytes = b"") -> Reply:
    """Return a reply that nobody keeps; plain text where the headers name no type."""
    sort = [] if any(name == "Content-Type" for name, _ in headers) else [("Content-Type", "text/plain; charset=utf-8")]
    return Reply(status=status, headers=[("Cache-Control", "no-store"), *sort, *headers], body=body)


class Events(list[Event]):
    """The events of one post, redacted.

    Attributes:
        rejected: What could not be read; it cost no other event.
        passed: How many reports became no event, by why.
        subscribe_url: The checked address that confirms an SNS subscription, for the host to open; empty for none.
        reply: What answers the post.
    """

    __slots__ = ("passed", "rejected", "reply", "subscribe_url")

    def __init__(
        self,
        events: Iterable[Event] = (),
        *,
        rejected: Iterable[Rejected] = (),
        passed: Mapping[Passed, int] | None = None,
        subscribe_url: str = "",
        reply: Reply,
    ) -> None:
        super().__init__(events)
        self.rejected = tuple(rejected)
        self.passed = dict(passed or {})
        self.subscribe_url = subscribe_url
        self.reply = reply
