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
from functools import partial
from importlib import import_module
from math import isfinite
from pathlib import Path
from typing import Final

from mailbeacon.errors import ConfigError
from mailbeacon.model import Level, Sink
from mailbeacon.settings import Settings
from mailbeacon.store import JsonlSink, SpoolSink, SqliteHistory, SqliteSink
from mailbeacon.store.checks import SHORT_WAIT

__all__ = ["imported", "settings_of"]

_SPOOL: Final = "spool"
_WAIT: Final = "wait"
_LISTS: Final = ("secret_keys", "exclude", "only", "trusted_proxies", "digest_keys")
_EXTRA: Final = (_SPOOL, _WAIT)
"""What is no field of the settings."""
_TIMES: Final = ("max_age", "clock_skew", _WAIT)
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


def settings_of(
    values: Mapping[str, object],
    *,
    prefix: str = "",
    sink: Callable[[timedelta], Sink] | None = None,
    spool: Callable[[Sink, str], Sink] = SpoolSink,
) -> Settings:
    """Return settings from names in any case and values that may be texts.

    Args:
        values: Lists may be texts with commas or blanks between, switches ``yes`` and ``no``, times seconds, levels their
            names. ``sink`` and ``history`` may name a file (``….sqlite``, ``….jsonl``) or a database (``postgresql+psycopg://…``),
            or an object (``package.module:name``), as all that is a function or an object may. ``spool`` names a folder: a
            :class:`mailbeacon.store.SpoolSink` then stands before the sink. ``wait`` is how long a reply waits for a sink or a
            history named by a text.
        prefix: What stands before the names, for errors.
        sink: Makes the sink where none is given, from how long a reply waits for it.
        spool: Makes the spool before a sink, from that and the folder.

    Raises:
        ConfigError: For a name that is no setting's, with what may have been meant, or a value that cannot work.
    """
    known = {one.name for one in fields(Settings)}
    found: dict[str, object] = {}
    extra: dict[str, object] = {}
    for given, value in values.items():
        if not isinstance(given, str):
            raise ConfigError(f"the name of a setting must be a text, got {given!r:.40}")
        name = given.lower()
        if name in _EXTRA:
            extra[name] = _value(name, value, f"{prefix}{given}")
        elif name not in known:
            raise ConfigError(_unknown(given, prefix, known))
        else:
            found[name] = _value(name, value, f"{prefix}{given}")
    base_url = found.pop("base_url", "")
    if not isinstance(base_url, str) or not base_url:
        raise ConfigError(f"{prefix}BASE_URL is missing: where the tracking routes are mounted")
    stores: dict[str, Callable[[timedelta], object]] = {
        name: partial(make, text) for name, make in _STORES.items() if isinstance(text := found.get(name), str)
    }
    if sink is not None and "sink" not in found:
        stores["sink"] = sink
    wait = extra.get(_WAIT, SHORT_WAIT)
    if not isinstance(wait, timedelta) or not (stores or _WAIT not in extra):
        raise ConfigError(
            f"{prefix}WAIT is in seconds, and for a sink or history named by a text: others have their own"
        )
    found |= {name: make(wait) for name, make in stores.items()}
    if extra.get(_SPOOL):
        found["sink"] = spool(_sink_before(found.get("sink")), str(extra[_SPOOL]))
    return Settings.of(base_url, found)


def _unknown(given: str, prefix: str, known: set[str]) -> str:
    near = get_close_matches(given.lower(), [*known, *_EXTRA], 1)
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
    if name in _STORES or name == _SPOOL:
        return value
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


def _sink(text: str, wait: timedelta) -> object:
    if "://" in text:
        from mailbeacon.store.sql import SqlSink

        return SqlSink(text, wait=wait)
    if _PATH.fullmatch(text):
        return imported(text, "sink")
    return JsonlSink(text, wait=wait) if Path(text).suffix == ".jsonl" else SqliteSink(text, wait=wait)


def _history(text: str, wait: timedelta) -> object:
    if "://" in text:
        from mailbeacon.store.sql import SqlHistory

        return SqlHistory(text, wait=wait)
    return imported(text, "history") if _PATH.fullmatch(text) else SqliteHistory(text, wait=wait)


_STORES: Final = {"sink": _sink, "history": _history}
"""What makes a store from the text that names it."""


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
