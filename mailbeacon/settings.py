"""What a host decides once: keys, base URL, how mail is rewritten, what is kept.

Reads no environment and no file; every function that reads a clock takes it from here.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime, timedelta
from typing import Literal
from urllib.parse import urlsplit

from mailbeacon.errors import ConfigError
from mailbeacon.model import (
    Action,
    AgentTable,
    Allows,
    Clock,
    History,
    Judge,
    LeaveText,
    Level,
    Locator,
    Manifests,
    MayRedirect,
    Networks,
    OnEvent,
    OnLeave,
    Sink,
)

__all__ = ["MIN_KEY_BYTES", "Keep", "Settings", "check_keys", "is_loopback", "utc_now"]

MIN_KEY_BYTES = 16
"""The least length of a secret key."""


_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
"""Source: RFC 9110 (2022), section 5.6.2, a token."""


def utc_now() -> datetime:
    """Give the current moment: the default clock, and the only place the package reads one."""
    return datetime.now(UTC)


Keep = Literal["drop", "truncate", "hash", "keep"]
"""What becomes of a personal field after the verdict: gone, coarse (/24, /48), a keyed digest, or kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Hold a host's decisions.

    Args:
        base_url: Where the tracking routes are mounted, such as ``https://t.example.com/m``; https, but for loopback.
        secret_keys: The signing keys, the newest last, at least 16 bytes each; older ones go on verifying.
        namespace: Tells apart installations that share a key; part of every salt.
        encrypt: Seal message tokens so that nobody can read them.
        short_links: Put a short name in place of the destination. Whoever answers clicks then needs ``manifests``, or no
            link leads anywhere; who only sends does not.
        manifests: Gives the manifest of a campaign whose links are short (``Template.manifest()``).
        allow_addresses: Let ``recipient`` be an e-mail address, which then stands readable in every token.
        pixel: Where the pixel goes: ``auto`` is the top once Gmail would clip the bottom.
        utm: Parameters added to each destination that does not have them yet, such as ``{"utm_source": "spring"}``.
        exclude: Patterns (regular expressions, searched in the decoded URL) of links to leave alone.
        only: Patterns of the only links to wrap; empty for all.
        wrap_unsubscribe: Wrap unsubscribe links too.
        wrap_visible_urls: Wrap links whose text is an address too. Thunderbird and others warn of fraud where the address a
            reader sees and the one a link leads to differ, as they do once it is wrapped.
        honeypot: A destination, such as the newsletter's home page, for a link no reader sees, by which scanners are told;
            empty for none. Hidden links can cost a mail trust with spam filters.
        default_level: The level of a message whose own is not lower.
        ceiling: The most a message may ask for: one that asks for more is refused, not lowered, so that no campaign
            switches on what the host has switched off.
        max_age: Events older than this since sending are marked expired; ``None`` for never.
        clock_skew: How far in the future ``sent_at`` may lie.
        fallback_url: Where a click with a bad token goes; empty for a plain 404 page.
        trusted_proxies: The addresses (CIDR) of the proxies before this server, whose word for the client's is taken;
            ``127.0.0.1/32`` for one on this machine, over loopback or a Unix socket.
        proxy_header: The one field these proxies write; every other one is ignored.
        keep_address: What becomes of the client's address after the verdict.
        keep_user_agent: What becomes of the user agent.
        keep_headers: What becomes of the header fields of the allow-list: dropped or kept.
        honor_dnt: Let ``DNT: 1`` lower a click to NONE, as ``Sec-GPC: 1`` always does.
        agents: What user agents are, such as :class:`mailbeacon.agents.Agents` with the host's own rules; ``None`` for the
            package's own.
        networks: Who runs which network; ``None`` for the package's own table.
        geo: Where addresses are, such as :class:`mailbeacon.networks.Geography`; ``None`` leaves countries and cities empty.
        judge: Says who it was; ``None`` for the package's own rules.
        sink: Keeps events.
        history: Remembers recent events for verdicts.
        consent: Gives what a recipient allows today.
        on_event: Is told of each recorded event.
        on_leave: Is told when a recipient unsubscribes or stops the tracking: it takes them off the list. What it raises
            becomes a page that asks to try again.
        leave_texts: The words of the pages for leaving, by language (``"en"``) and action, in place of the package's own;
            the first language is for readers who accept none there is.
        may_redirect: The host's own takedown of destinations.
        clock: Gives the current moment.

    Raises:
        ConfigError: For a short key, a base URL without https, and whatever else cannot work.
    """

    base_url: str
    secret_keys: Sequence[bytes | str] = field(repr=False)
    namespace: str = ""
    encrypt: bool = False
    short_links: bool = False
    manifests: Manifests | None = None
    allow_addresses: bool = False
    pixel: Literal["auto", "top", "bottom"] = "auto"
    utm: Mapping[str, str] = field(default_factory=dict)
    exclude: Sequence[str | re.Pattern[str]] = ()
    only: Sequence[str | re.Pattern[str]] = ()
    wrap_unsubscribe: bool = False
    wrap_visible_urls: bool = True
    honeypot: str = ""
    default_level: Level = Level.FULL
    ceiling: Level = Level.FULL
    max_age: timedelta | None = None
    clock_skew: timedelta = timedelta(minutes=5)
    fallback_url: str = ""
    trusted_proxies: Sequence[str] = ()
    proxy_header: str = "X-Forwarded-For"
    keep_address: Keep = "drop"
    keep_user_agent: Keep = "drop"
    keep_headers: Literal["drop", "keep"] = "drop"
    honor_dnt: bool = False
    agents: AgentTable | None = None
    networks: Networks | None = None
    geo: Locator | None = None
    judge: Judge | None = None
    sink: Sink | None = None
    history: History | None = None
    consent: Allows | None = None
    on_event: OnEvent | None = None
    on_leave: OnLeave | None = None
    leave_texts: Mapping[str, Mapping[Action, LeaveText]] = field(default_factory=dict)
    may_redirect: MayRedirect | None = None
    clock: Clock = utc_now

    def __post_init__(self) -> None:
        object.__setattr__(self, "base_url", _base_url(self.base_url))
        object.__setattr__(self, "secret_keys", check_keys(self.secret_keys))
        for name in _SWITCHES:
            if not isinstance(getattr(self, name), bool):
                raise ConfigError(f"{name} must be True or False, got {getattr(self, name)!r}")
        _check_texts(self)
        _check_leave_texts(self.leave_texts)
        _check_times(self)
        _check_hooks(self)
        if self.pixel not in ("auto", "top", "bottom"):
            raise ConfigError(f"pixel must be auto, top or bottom, got {self.pixel!r}")
        if self.encrypt:
            raise ConfigError("encrypt=True is not available in this version: tokens are signed, not sealed")
        for name in ("default_level", "ceiling"):
            object.__setattr__(self, name, _level(name, getattr(self, name)))
        for name in ("keep_address", "keep_user_agent"):
            if getattr(self, name) not in ("drop", "truncate", "hash", "keep"):
                raise ConfigError(f"{name} must be drop, truncate, hash or keep, got {getattr(self, name)!r}")
        if self.keep_headers not in ("drop", "keep"):
            raise ConfigError(f"keep_headers must be drop or keep, got {self.keep_headers!r}")
        _check_proxies(self.trusted_proxies)
        if not isinstance(self.proxy_header, str) or not _HEADER_NAME.fullmatch(self.proxy_header):
            raise ConfigError("proxy_header must be the name of a header field, such as X-Forwarded-For")

    @classmethod
    def of(cls, base_url: str, options: Mapping[str, object]) -> Settings:
        """Make settings of keywords, and tell which one does not exist.

        Raises:
            ConfigError: If a keyword is unknown, ``secret_keys`` is missing, or a value cannot work.
        """
        unknown = sorted(set(options) - {one.name for one in fields(cls)})
        if unknown:
            raise ConfigError(f"there is no setting {', '.join(unknown)}")
        if "secret_keys" not in options:
            raise ConfigError("secret_keys is missing: give at least one key of 16 bytes or more")
        return cls(base_url=base_url, **options)  # type: ignore[arg-type]

    @property
    def keys(self) -> tuple[bytes, ...]:
        """The secret keys as bytes, the newest last."""
        return check_keys(self.secret_keys)


def _check_url(name: str, url: str) -> None:
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise ConfigError(f"{name} must be an absolute http or https URL") from error
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ConfigError(f"{name} must be an absolute http or https URL")


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
    """Insist on words by language and action now, not when the first reader wants to leave."""
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


_SWITCHES = ("encrypt", "short_links", "allow_addresses", "wrap_unsubscribe", "wrap_visible_urls", "honor_dnt")
_HOOKS = {
    "agents": ("identify",),
    "networks": ("lookup",),
    "geo": ("locate",),
    "judge": ("classify",),
    "sink": ("record",),
    "history": ("recent", "add"),
}
_CALLBACKS = ("manifests", "consent", "on_event", "on_leave", "may_redirect", "clock")


def _check_hooks(settings: Settings) -> None:
    """Insist on the shape of what the host supplies now, not when the first reader comes."""
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


def _level(name: str, level: Level) -> Level:
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


def _base_url(text: str) -> str:
    """Check the base URL and take off a slash at its end."""
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
    """Tell whether a URL's host is this machine.

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


def check_keys(keys: Sequence[bytes | str]) -> tuple[bytes, ...]:
    """Give the signing keys as bytes, the newest last.

    Raises:
        ConfigError: If there are none, or one is no key or shorter than 16 bytes.
    """
    if isinstance(keys, bytes | bytearray | str):
        raise ConfigError("secret_keys must be a list of keys, the newest last, got a single one")
    try:
        found = tuple(key.encode() if isinstance(key, str) else key for key in keys)
    except (TypeError, UnicodeEncodeError) as error:
        raise ConfigError("secret_keys must be a list of bytes or of plain text") from error
    if not found:
        raise ConfigError("secret_keys must hold at least one key")
    for key in found:
        if not isinstance(key, bytes):
            raise ConfigError(f"a secret key must be bytes or str, got {type(key).__name__}")
        if len(key) < MIN_KEY_BYTES:
            raise ConfigError(f"a secret key must have at least {MIN_KEY_BYTES} bytes, got {len(key)}")
    return found
