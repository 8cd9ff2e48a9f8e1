"""What a token says: a message or a link as a compact JSON array, and back.

An array leaves out the defaults at its end, so that a field added later changes no older token. Knows no key.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from json.encoder import encode_basestring
from typing import Any

from mailbeacon.errors import BadToken, ConfigError
from mailbeacon.model import Channel, Level, Message, Target, write_metadata

__all__ = [
    "read_array",
    "read_message",
    "read_short",
    "read_target",
    "to_moment",
    "to_seconds",
    "write_message",
    "write_target",
]

_SECONDS = range(-62_135_596_800, 253_402_300_800)
"""The seconds of the calendar of ``datetime``, from the year 1 to 9999."""
_MESSAGE_DEFAULTS: tuple[Any, ...] = ("", "", 0, "", "", "33", {})
_TARGET_DEFAULTS: tuple[Any, ...] = ("html", 0)
"""For what may be left out, after number and destination."""
_DIGITS = {str(digit): Level(digit) if digit in set(Level) else Level.NONE for digit in range(10)}
_LEVELS = {one + two: (opens, clicks) for one, opens in _DIGITS.items() for two, clicks in _DIGITS.items()}
"""The levels by their two digits in a token: one of a later version, which this one cannot honour, counts as NONE."""
_reader = json.JSONDecoder()
_END = re.compile(r",([1-9][0-9]{0,11})\]").fullmatch


def write_message(message: Message) -> str:
    """Return the array of a message: campaign, recipient, second of sending, id, variant, levels, metadata.

    Raises:
        ConfigError: If one of the levels is AGGREGATE and the other names the recipient.
    """
    opens, clicks, metadata = message.opens, message.clicks, message.metadata
    seconds = to_seconds(message.sent_at) if message.sent_at is not None else 0
    if Level.AGGREGATE in (opens, clicks):
        return _write_aggregate(message.campaign, opens, clicks)
    front = f"[{encode_basestring(message.campaign)},{encode_basestring(message.recipient)}"
    if metadata or not (opens is clicks is Level.FULL):
        more = f",{write_metadata(metadata)}" if metadata else ""
        ids = f"{encode_basestring(message.id)},{encode_basestring(message.variant)}"
        return f'{front},{seconds},{ids},"{opens:d}{clicks:d}"{more}]'
    if message.variant:
        return f"{front},{seconds},{encode_basestring(message.id)},{encode_basestring(message.variant)}]"
    if message.id:
        return f"{front},{seconds},{encode_basestring(message.id)}]"
    return f"{front},{seconds}]" if seconds else f"{front}]"


def _write_aggregate(campaign: str, opens: Level, clicks: Level) -> str:
    """Return the array that all recipients of a campaign share."""
    if max(opens, clicks) is not Level.AGGREGATE:
        raise ConfigError("one token cannot be AGGREGATE for opens or clicks and name the recipient for the other")
    return f'[{encode_basestring(campaign)},"",0,"","","{opens:d}{clicks:d}"]'


def to_seconds(sent_at: datetime) -> int:
    """Return the second of sending as a token says it.

    Raises:
        ConfigError: For the epoch itself, which stands for none, and for what no calendar has and nobody could read back.
    """
    seconds = int(sent_at.timestamp())
    if seconds not in _SECONDS or not seconds:
        raise ConfigError("sent_at must lie in the years 1 to 9999 (UTC), and not at the epoch itself")
    return seconds


@lru_cache(maxsize=256)
def to_moment(seconds: int) -> datetime:
    """Return the moment of sending; remembered, for all mails of a mailing have the same.

    Raises:
        BadToken: If no calendar has it.
    """
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise BadToken("the signed content is not a message's") from error


@lru_cache(maxsize=256)
def _short_end(text: str) -> datetime | None:
    """Read what follows the recipient in the shortest form; remembered, for all mails of a mailing have the same."""
    found = _END(text)
    try:
        return to_moment(int(found[1])) if found else None
    except BadToken:
        return None


def read_short(body: bytes) -> tuple[str, str, datetime] | None:
    """Return campaign, recipient and moment of sending, where a payload holds no more, in the one form they are written in."""
    text = body.decode("utf-8", "replace")
    parts = text.split('"')
    if len(parts) != 5 or "\\" in text or "\ufffd" in text or not text.isprintable():
        return None
    front, campaign, comma, recipient, end = parts
    sent_at = _short_end(end)
    return (campaign, recipient, sent_at) if front == "[" and comma == "," and recipient and sent_at else None


def read_message(values: list[Any]) -> Message:
    """Return the message of an array.

    Raises:
        BadToken: If it is not a message's.
    """
    try:
        campaign, recipient, seconds, name, variant, levels, metadata = (*values, *_MESSAGE_DEFAULTS[len(values) :])
        opens, clicks = _LEVELS[levels]
        if seconds.__class__ is not int or not isinstance(metadata, Mapping):
            raise TypeError("expected whole seconds and an object")
        return Message(
            recipient=recipient,
            campaign=campaign,
            id=name,
            variant=variant,
            sent_at=to_moment(seconds) if seconds else None,
            opens=opens,
            clicks=clicks,
            metadata=metadata,
        )
    except (TypeError, ValueError, KeyError) as error:
        raise BadToken("the signed content is not a message's") from error


def write_target(target: Target) -> str:
    """Return the array of a link: number, destination, channel, and how many links its mail has."""
    front = f"[{target.number:d},{encode_basestring(target.url)}"
    if target.links:
        return f"{front},{encode_basestring(target.channel)},{target.links:d}]"
    return f"{front}]" if target.channel is Channel.HTML else f"{front},{encode_basestring(target.channel)}]"


def read_target(values: list[Any]) -> Target:
    """Return the link of an array.

    Raises:
        BadToken: If it is not a link's.
    """
    try:
        number, url, channel, links = (*values, *_TARGET_DEFAULTS[len(values) - 2 :])
        if not (number.__class__ is links.__class__ is int and url.__class__ is str):
            raise TypeError("expected numbers and a text")
        return Target(number=number, url=url, channel=Channel(channel), links=links)
    except (TypeError, ValueError) as error:
        raise BadToken("the signed content is not a link's") from error


def read_array(body: bytes) -> list[Any]:
    """Return the list a payload is.

    Raises:
        BadToken: If it is none.
    """
    try:
        values, _ = _reader.raw_decode(body.decode())
    except (ValueError, RecursionError) as error:
        raise BadToken("the signed content cannot be read") from error
    if not isinstance(values, list):
        raise BadToken("the signed content is not a list")
    return values
