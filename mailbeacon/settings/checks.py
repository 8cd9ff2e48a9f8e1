"""What settings must be: each check says at once, in one sentence, what cannot work."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from mailbeacon.errors import ConfigError
from mailbeacon.links import check_destination
from mailbeacon.model import Action, LeaveText, Level

if TYPE_CHECKING:
    from mailbeacon.settings.settings import Settings

__all__ = ["check_settings", "is_loopback", "read_base_url", "read_level"]

_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
"""Source: RFC 9110 (2022), section 5.6.2, a token."""
_CHOICES = {
    "pixel": ("auto", "top", "bottom"),
    "keep_address": ("drop", "truncate", "hash", "keep"),
    "keep_user_agent": ("drop", "truncate", "hash", "keep"),
    "keep_headers": ("drop", "keep"),
    "keep_url": ("page", "keep"),
}


def check_settings(settings: Settings) -> None:
    """Raise unless all of a host's settings can work.

    Raises:
        ConfigError: If one cannot.
    """
    for name in _SWITCHES:
        if not isinstance(getattr(settings, name), bool):
            raise ConfigError(f"{name} must be True or False, got {getattr(settings, name)!r:.60}")
    for name, choices in _CHOICES.items():
        value = getattr(settings, name)
        if value not in choices:
            raise ConfigError(f"{name} must be {', '.join(choices[:-1])} or {choices[-1]}, got {value!r:.60}")
    _check_texts(settings)
    _check_leave_texts(settings.leave_texts)
    _check_patterns(settings)
    _check_times(settings)
    _check_hooks(settings)
    most = settings.max_hits_per_message
    if not isinstance(most, int) or isinstance(most, bool) or most < 1:
        raise ConfigError(f"max_hits_per_message must be a whole number from 1, got {most!r:.60}")
    _check_proxies(settings.trusted_proxies)
    if not isinstance(settings.proxy_header, str) or not _HEADER_NAME.fullmatch(settings.proxy_header):
        raise ConfigError("proxy_header must be the name of a header field, such as X-Forwarded-For")


def _check_url(name: str, url: str) -> None:
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise ConfigError(f"{name} must be an absolute http or https URL") from error
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ConfigError(f"{name} must be an absolute http or https URL")
    if check_destination(url) is not None:
        raise ConfigError(f"{name} must be a URL that may be redirected to")


def _check_texts(settings: Settings) -> None:
    for name in ("namespace", "fallback_url", "honeypot"):
        value = getattr(settings, name)
        if not isinstance(value, str) or not value.isprintable():
            raise ConfigError(f"{name} must be plain text")
        if value and name != "namespace":
            _check_url(name, value)
    if not isinstance(settings.utm, Mapping) or not all(
        isinstance(text, str) and _is_utf8(text) for pair in settings.utm.items() for text in pair
    ):
        raise ConfigError("utm must be a mapping of texts to texts")
    if "" in settings.utm:
        raise ConfigError("utm must not hold a parameter without a name")


def _check_leave_texts(texts: object) -> None:
    """Check words by language and action now, not when the first reader wants to leave."""
    if isinstance(texts, Mapping):
        pages = [page for by_action in texts.values() if isinstance(by_action, Mapping) for page in by_action.items()]
        if all(isinstance(by_action, Mapping) for by_action in texts.values()) and all(
            isinstance(action, Action) and isinstance(text, LeaveText) for action, text in pages
        ):
            return
    raise ConfigError("leave_texts must be a mapping of languages to mappings of Action to LeaveText")


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _check_times(settings: Settings) -> None:
    for name in ("max_age", "clock_skew"):
        value = getattr(settings, name)
        if value is None and name == "max_age":
            continue
        if not isinstance(value, timedelta) or value < timedelta():
            raise ConfigError(f"{name} must be a timedelta of zero or more")


def _check_patterns(settings: Settings) -> None:
    for name in ("exclude", "only", "merge_tags"):
        patterns = getattr(settings, name)
        if isinstance(patterns, str | bytes | re.Pattern) or not isinstance(patterns, Iterable):
            raise ConfigError(f"{name} must be a list of patterns, got {type(patterns).__name__}")
        for pattern in patterns:
            try:
                found = re.compile(pattern)
            except (re.error, TypeError) as error:
                raise ConfigError(f"{name} must be regular expressions, got {pattern!r:.60}") from error
            if isinstance(found.pattern, bytes):
                raise ConfigError(f"{name} must be regular expressions of text, got bytes")


_SWITCHES = ("encrypt", "short_links", "allow_addresses", "wrap_unsubscribe", "wrap_visible_urls", "honor_dnt")
_HOOKS = {
    "agents": ("identify",),
    "networks": ("lookup",),
    "geo": ("locate",),
    "judge": ("classify",),
    "sink": ("record",),
    "history": ("recent", "add"),
}
_CALLBACKS = ("manifests", "consent", "on_event", "on_leave", "may_redirect", "on_error", "on_lost", "clock")


def _check_hooks(settings: Settings) -> None:
    """Check the shape of what the host supplies now, not when the first reader comes."""
    for name, methods in _HOOKS.items():
        value = getattr(settings, name)
        missing = [method for method in methods if not callable(getattr(value, method, None))]
        if isinstance(value, type):
            raise ConfigError(f"{name} must be an object, got the class {value.__name__} itself")
        if value is not None and missing:
            raise ConfigError(f"{name} must have a method {missing[0]}, got {type(value).__name__}")
    for name in _CALLBACKS:
        value = getattr(settings, name)
        if not callable(value) and (value is not None or name == "clock"):
            raise ConfigError(f"{name} must be callable, got {type(value).__name__}")
    _check_dates(settings)


def _check_dates(settings: Settings) -> None:
    """Check that the sink, or what stands behind a spool, keeps the days to which the host's levels come down."""
    behind = getattr(settings.sink, "sink", settings.sink)
    keeps = callable(getattr(behind, "put_last_open", None))
    if Level.DATE in (settings.default_level, settings.ceiling) and behind is not None and not keeps:
        raise ConfigError(f"sink must have a method put_last_open for the level DATE, got {type(behind).__name__}")


def read_level(name: str, level: Level) -> Level:
    """Return a level, also by its number.

    Raises:
        ConfigError: If there is no such level.
    """
    try:
        return Level(level)
    except ValueError as error:
        raise ConfigError(f"{name} must be a Level, got {level!r}") from error


def _check_proxies(networks: Sequence[str]) -> None:
    if isinstance(networks, bytes | str):
        raise ConfigError("trusted_proxies must be a list of networks, got a single text")
    if not isinstance(networks, Iterable):
        raise ConfigError(f"trusted_proxies must be a list of networks, got {type(networks).__name__}")
    for network in networks:
        try:
            if not isinstance(network, str):
                raise TypeError("not a text")
            ipaddress.ip_network(network, strict=False)
        except (TypeError, ValueError) as error:
            raise ConfigError(f"trusted_proxies must be networks in CIDR form, got {network!r}") from error


def read_base_url(text: str) -> str:
    """Return the base URL, without a slash at its end.

    Raises:
        ConfigError: If it is not one that links can be made with.
    """
    try:
        parts = urlsplit(text)
        host = parts.hostname or ""
        _ = parts.port
    except (ValueError, AttributeError, TypeError) as error:
        raise ConfigError("base_url must be an absolute https URL") from error
    if parts.scheme not in ("http", "https") or not host:
        raise ConfigError("base_url must be an absolute https URL such as https://t.example.com/m")
    if parts.username is not None or parts.password is not None:
        raise ConfigError("base_url must hold no user name: it would stand in every link")
    if parts.query or parts.fragment or "?" in text or "#" in text:
        raise ConfigError("base_url must have no query and no fragment")
    if not text.isascii() or any(sign <= " " or sign in "\"'<>\\^`{|}" for sign in text):
        raise ConfigError(
            "base_url must be plain ASCII without blanks, quotes or brackets (write the host in its xn-- form)"
        )
    if parts.scheme == "http" and not is_loopback(host):
        raise ConfigError(
            "base_url must be https, but for loopback addresses: readers' clicks would travel in the clear"
        )
    return text.rstrip("/")


def is_loopback(host: str) -> bool:
    """Check whether a URL's host is this machine.

    Example:
        >>> [host for host in ("localhost", "127.0.0.9", "::1", "t.example.com") if is_loopback(host)]
        ['localhost', '127.0.0.9', '::1']
    """
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
