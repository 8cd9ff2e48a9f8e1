"""One place that says how much may be known of a recipient, when a mail is sent and when an event comes back.

Keeps no consents itself (see ``store``). Where a look-up fails, nothing is tracked, and the mail still goes out.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from mailbeacon.errors import ConfigError
from mailbeacon.model import Consent, ConsentLookup, Kind, Level, Message, Purpose

__all__ = ["Decision", "Policy"]

_log = logging.getLogger("mailbeacon")
_PURPOSES = (Purpose.OPENS, Purpose.CLICKS)
Levels = Level | tuple[Level, Level]
"""One level for opens and clicks, or one for each, opens first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """How much may be known of one message, and why.

    Attributes:
        opens: Of its opens.
        clicks: Of its clicks.
        reason: A sentence that names what was strictest for each; it names nobody.
    """

    opens: Level
    clicks: Level
    reason: str


class _Limit(NamedTuple):
    level: Level
    why: str


class Policy:
    """Decide how much may be known of a recipient: the strictest of all that is asked wins.

    Give the same object to both ends: ``message = policy.apply(message)`` before a mail is made, and
    ``Settings(consent=policy.allows)`` for what comes back, also from mails sent long ago.

    Args:
        ceiling: The most that is ever known of anybody: a level, or one for opens and one for clicks.
        by_region: The most that is known of people in a region, such as ``{"FR": Level.AGGREGATE}``, in capitals or not. Where
            a message names no region, the strictest of them all; a region that is not listed is not limited here.
        consents: Gives a person's last answer, such as ``store.SqliteConsents``; ``None`` asks nobody.
        unknown: What holds for a person who has never answered.
        region: Gives the region of a message; ``None`` for its ``metadata["region"]``.

    Raises:
        ConfigError: If one of the others allows more than the ceiling: that could never hold.
    """

    def __init__(
        self,
        *,
        ceiling: Levels = Level.FULL,
        by_region: Mapping[str, Levels] | None = None,
        consents: ConsentLookup | None = None,
        unknown: Levels = Level.NONE,
        region: Callable[[Message], str] | None = None,
    ) -> None:
        self._ceiling = _pair(ceiling, "ceiling")
        self._by_region = {_plain(name): _pair(found, "by_region") for name, found in (by_region or {}).items()}
        self._unknown = _pair(unknown, "unknown")
        self._consents = consents
        self._region = region or _region
        for name, found in (("unknown", self._unknown), *(("by_region", one) for one in self._by_region.values())):
            if any(level > most for level, most in zip(found, self._ceiling, strict=True)):
                raise ConfigError(f"{name} asks for more than the ceiling: lower it, or raise the ceiling")

    def decide(self, message: Message) -> Decision:
        """Return how much may be known of a message's opens and clicks, and why; never raises for what a host supplies."""
        opens, clicks = (self._strictest(message, index) for index in (0, 1))
        reason = f"opens {opens.level.name}: {opens.why}; clicks {clicks.level.name}: {clicks.why}"
        return Decision(opens=opens.level, clicks=clicks.level, reason=reason)

    def apply(self, message: Message) -> Message:
        """Return the message with the levels that were decided, ready to be sent."""
        decided = self.decide(message)
        if (decided.opens, decided.clicks) == (message.opens, message.clicks):
            return message
        return replace(message, opens=decided.opens, clicks=decided.clicks)

    def allows(self, message: Message, kind: Kind) -> Level:
        """Return how much of an event may be recorded now, for ``Settings.consent``."""
        return self._strictest(message, 0 if kind is Kind.OPEN else 1).level

    __call__ = allows

    def _strictest(self, message: Message, index: int) -> _Limit:
        limits = [
            _Limit((message.opens, message.clicks)[index], "as the message asks"),
            _Limit(self._ceiling[index], "the ceiling for everybody"),
            *self._of_region(message, index),
            *self._of_person(message, index),
        ]
        return min(limits, key=lambda limit: limit.level)  # of equals the first: nothing was lowered

    def _of_region(self, message: Message, index: int) -> list[_Limit]:
        if not self._by_region:
            return []
        try:
            region = _plain(self._region(message) or "")
        except Exception as error:
            _failed("region", error)
            region = ""
        if not region:
            return [_Limit(min(found[index] for found in self._by_region.values()), "the region is not known")]
        return [_Limit(self._by_region[region][index], "the limit of the region")] if region in self._by_region else []

    def _of_person(self, message: Message, index: int) -> list[_Limit]:
        if self._consents is None or not message.recipient:  # a message to nobody in particular asks for counts at most
            return []
        try:
            answer = self._consents.current(message.recipient, _PURPOSES[index])
            found = None if answer is None else _Limit(Level(answer.level), _said(answer))
        except Exception as error:
            _failed("consents", error)
            return [_Limit(Level.NONE, "the consent could not be looked up")]
        return [found or _Limit(self._unknown[index], "no answer is known")]


def _said(answer: Consent) -> str:
    what = "agreed to" if answer.level else "refused or withdrawn"
    return f"{what} on {answer.given_at:%Y-%m-%d}"


def _plain(region: str) -> str:
    return region.strip().upper()


def _region(message: Message) -> str:
    return message.metadata.get("region", "")


def _pair(levels: Levels, name: str) -> tuple[Level, Level]:
    both = levels if isinstance(levels, tuple) else (levels, levels)
    try:
        opens, clicks = both
        return Level(opens), Level(clicks)
    except (TypeError, ValueError) as error:
        raise ConfigError(f"{name} must be a Level, or one for opens and one for clicks") from error


def _failed(what: str, error: Exception) -> None:
    """Log what could not be asked, by its name and the error's: the error's text may name a person."""
    _log.error("%s, which counts as no consent, failed: %s", what, type(error).__name__)
