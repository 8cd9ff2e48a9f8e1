"""Settings from plain values: a framework's configuration, a TOML file.

Turns texts into what :class:`mailbeacon.Settings` wants, and names a sink or a history by where it keeps its events. Reads
no environment and no file itself: mappings are given.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import timedelta
from difflib import get_close_matches
from importlib import import_module
from math import isfinite
from pathlib import Path
from typing import Final

from mailbeacon.errors import ConfigError
from mailbeacon.model import History, Level, Sink
from mailbeacon.settings import Settings
from mailbeacon.store import JsonlSink, SpoolSink, SqliteHistory, SqliteSink

__all__ = ["imported", "settings_of"]

_SPOOL: Final = "spool"
_LISTS: Final = ("secret_keys", "exclude", "only", "trusted_proxies", "digest_keys")
_TIMES: Final = ("max_age", "clock_skew")
_OBJECTS: Final = (
    "agents", "networks", "geo", "judge", "consent", "on_event", "may_redirect", "clock", "manifests", "on_error",
    "on_lost", "on_leave",
)  # fmt: skip
"""What a text can only name: ``package.module:attribute``."""
_FLAGS: Final = {
    "1": True,
    "true": True,
    "yes": True,
    "on": True,
    "0": False,
    "false": False,
    "no": False,
    "off": False,
}
_PATH: Final = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")


def settings_of(values: Mapping[str, object], *, prefix: str = "") -> Settings:
    """Return settings from names in any case and values that may be texts.

    Args:
        values: Lists may be texts with commas or blanks between, switches ``yes`` and ``no``, times seconds, levels their
            names. ``sink`` and ``history`` may name a file (``….sqlite``, ``….jsonl``) or a database (``postgresql+psycopg://…``),
            or an object (``package.module:name``), as all that is a function or an object may. ``spool`` names a folder: a
            :class:`mailbeacon.store.SpoolSink` then stands before the sink.
        prefix: What stands before the names, for errors.

    Raises:
        ConfigError: For a name that is no setting's, with what may have been meant, or a value that cannot work.
    """
    known = {one.name for one in fields(Settings)}
    found: dict[str, object] = {}
    spool = ""
    for given, value in values.items():
        if not isinstance(given, str):
            raise ConfigError(f"the name of a setting must be a text, got {given!r:.40}")
        name = given.lower()
        if name == _SPOOL:
            spool = str(value)
        elif name not in known:
            raise ConfigError(_unknown(given, prefix, known))
        else:
            found[name] = _value(name, value, f"{prefix}{given}")
    base_url = found.pop("base_url", "")
    if not isinstance(base_url, str) or not base_url:
        raise ConfigError(f"{prefix}BASE_URL is missing: where the tracking routes are mounted")
    if spool:
        found["sink"] = SpoolSink(_sink_before(found.get("sink")), spool)
    return Settings.of(base_url, found)


def _unknown(given: str, prefix: str, known: set[str]) -> str:
    near = get_close_matches(given.lower(), [*known, _SPOOL], 1)
    meant = f"; did you mean {prefix}{near[0].upper() if given.isupper() else near[0]}?" if near else ""
    return f"there is no setting {prefix}{given}{meant}"


def _sink_before(sink: object) -> Sink:
    if sink is None:
        raise ConfigError("a spool needs a sink behind it")
    return sink  # type: ignore[return-value]  # SpoolSink checks its shape


def _value(name: str, value: object, shown: str) -> object:
    """Return a value as the setting wants it; what is no text is taken as it is."""
    if name in _TIMES and isinstance(value, int | float) and not isinstance(value, bool):
        return _time(value, shown)
    if not isinstance(value, str):
        return value
    if name in _LISTS:
        return [part for part in re.split(r"[,\s]+", value) if part]
    if name in _TIMES:
        return _time(_number(value, shown), shown)
    if name == "sink":
        return _sink(value)
    if name == "history":
        return _history(value)
    if name in _OBJECTS:
        return imported(value, shown)
    return _simple(name, value, shown)


def _simple(name: str, value: str, shown: str) -> object:
    """Return a switch, a number, a level or a text."""
    default = next(one.default for one in fields(Settings) if one.name == name)
    if isinstance(default, bool):
        if value.lower() not in _FLAGS:
            raise ConfigError(f"{shown} must be yes or no, got {value!r}")
        return _FLAGS[value.lower()]
    if isinstance(default, Level):
        if value.upper() not in Level.__members__:
            raise ConfigError(f"{shown} must be one of {', '.join(Level.__members__)}, got {value!r}")
        return Level[value.upper()]
    return _whole(value, shown) if isinstance(default, int) else value


def _whole(value: str, shown: str) -> int:
    found = _number(value, shown)
    if not found.is_integer():
        raise ConfigError(f"{shown} must be a whole number, got {value!r}")
    return int(found)


def _number(value: str, shown: str) -> float:
    try:
        found = float(value)
    except ValueError as error:
        raise ConfigError(f"{shown} must be a number, got {value!r}") from error
    if not isfinite(found):
        raise ConfigError(f"{shown} must be a number, got {value!r}")
    return found


def _time(seconds: float, shown: str) -> timedelta:
    try:
        return timedelta(seconds=seconds)
    except (OverflowError, ValueError) as error:
        raise ConfigError(f"{shown} must be a number of seconds, got {seconds!r:.40}") from error


def _sink(text: str) -> object:
    if "://" in text:
        from mailbeacon.store.sql import SqlSink

        return SqlSink(text)
    if _PATH.fullmatch(text):
        return imported(text, "sink")
    return JsonlSink(text) if Path(text).suffix == ".jsonl" else SqliteSink(text)


def _history(text: str) -> History:
    if "://" in text:
        from mailbeacon.store.sql import SqlHistory

        return SqlHistory(text)
    if _PATH.fullmatch(text):
        found: History = imported(text, "history")  # type: ignore[assignment]  # Settings checks its shape
        return found
    return SqliteHistory(text)


def imported(text: str, shown: str) -> object:
    """Return what ``package.module:name`` names.

    Raises:
        ConfigError: If there is no such thing.
    """
    module, _, name = text.partition(":")
    try:
        found = getattr(import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise ConfigError(f"{shown} must name something as package.module:name, got {text!r}") from error
    make: Callable[[], object] | object = found
    return make() if isinstance(make, type) else make
