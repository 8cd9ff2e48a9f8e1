"""What people agreed to, and what they did to leave: records, no logic beyond their own form."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from mailbeacon.errors import ConfigError
from mailbeacon.model.message import check_aware
from mailbeacon.model.record import Record
from mailbeacon.model.words import Action, Level, Purpose

__all__ = ["Consent", "Leave", "LeaveText"]


def _level(value: object) -> Level:
    """Read a level; one of a later version, which this one cannot honour, is NONE."""
    return next((level for level in Level if level == value), Level.NONE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent(Record):
    """One answer of one person for one purpose: a later one replaces it, and both are kept.

    Args:
        recipient: The host's own name for the person.
        purpose: What it was about.
        level: What was agreed to: FULL for yes, NONE for no or withdrawn, or a level between.
        given_at: When, with a time zone.
        text_version: The host's name for the wording the person saw, such as ``"signup-2026-03"``.
        source: By which way the answer came, such as ``"signup form"`` or ``"leave page"``.
        proof: What else shows it, such as the form's own record or a reference to it.

    Raises:
        ConfigError: For an empty recipient, a purpose or level that is none, or a naive ``given_at``.
    """

    recipient: str = field(repr=False)
    purpose: Purpose
    level: Level
    given_at: datetime
    text_version: str = ""
    source: str = ""
    proof: str = field(default="", repr=False)

    _readers: ClassVar[Mapping[str, Callable[..., object]]] = {
        "purpose": Purpose,
        "level": _level,
        "given_at": datetime.fromisoformat,
    }

    def __post_init__(self) -> None:
        for name in ("recipient", "text_version", "source", "proof"):
            if not isinstance(getattr(self, name), str):
                raise ConfigError(f"{name} must be a str, got {type(getattr(self, name)).__name__}")
        if not self.recipient:
            raise ConfigError("recipient must not be empty")
        try:
            object.__setattr__(self, "purpose", Purpose(self.purpose))
            object.__setattr__(self, "level", Level(self.level))
        except ValueError as error:
            raise ConfigError("a consent needs a Purpose and a Level") from error
        check_aware(self.given_at, "given_at")


@dataclass(frozen=True, slots=True, kw_only=True)
class Leave:
    """A recipient's use of a link to leave, for the host to act on.

    Attributes:
        action: What they want.
        recipient: The host's own name for them.
        campaign: The campaign of the mail they used.
        message_id: The mail's name, as in its events.
        received_at: When.
    """

    action: Action
    recipient: str
    campaign: str
    message_id: str
    received_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaveText:
    """The words of the two pages of one action.

    Attributes:
        title: The heading of the page that asks.
        text: What happens when the button is pressed, and what does not.
        button: The words on the button.
        done_title: The heading once it is done.
        done_text: What was done.
    """

    title: str
    text: str
    button: str
    done_title: str
    done_text: str
