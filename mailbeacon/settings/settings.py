"""What a host decides once: keys, base URL, how mail is rewritten, what is kept.

Reads no environment and no file; every function that reads a clock takes it from here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import UTC, date, datetime, timedelta
from typing import Literal, Self

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
    OnError,
    OnEvent,
    OnLeave,
    Sink,
)
from mailbeacon.settings.checks import check_settings, read_base_url, read_level
from mailbeacon.settings.keys import Keys, check_keys

__all__ = ["DigestKeys", "Keep", "SecretKeys", "Settings", "utc_now"]

SecretKeys = list[bytes] | list[str] | list[bytes | str] | tuple[bytes | str, ...]
"""Keys, the newest last; not any sequence, for a single text would be one."""
DigestKeys = SecretKeys | Callable[[date], bytes]
"""Keys of pseudonyms, the newest last, or what gives the key of a day (UTC)."""


def utc_now() -> datetime:
    """Return the current moment: the default clock, and the only place the package reads one."""
    return datetime.now(UTC)


Keep = Literal["drop", "truncate", "hash", "keep"]
"""What becomes of a personal field after the verdict: gone, coarse (/24, /48), a keyed digest, or kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """A host's decisions.

    Args:
        base_url: Where the tracking routes are mounted, such as ``https://t.example.com/m``; https, but for loopback.
        secret_keys: The signing keys, the newest last, at least 16 bytes each; older ones go on verifying.
        digest_keys: The keys of the pseudonyms made of addresses and user agents, the newest last, which alone is used; or
            what gives a day's key, such as :class:`mailbeacon.privacy.DailyKeys`. Empty for one made of the newest secret
            key. Thrown away, nobody can work an address out again.
        namespace: Tells apart installations that share a key; part of every salt.
        encrypt: Seal tokens, so that nobody between can read campaign, recipient or metadata in a URL (extra ``encrypt``).
        short_links: Put a short name in place of the destination. Whoever answers clicks then needs ``manifests``, or no
            link leads anywhere; who only sends does not.
        manifests: Gives the manifest of a campaign whose links are short (``Template.manifest()``).
        allow_addresses: Let ``recipient`` be an e-mail address, which then stands readable in every token.
        pixel: Where the pixel goes: ``auto`` is the top once Gmail would clip the bottom.
        utm: Parameters added to each destination that does not have them yet, such as ``{"utm_source": "spring"}``.
        exclude: Patterns (regular expressions, searched in the decoded URL) of links to leave alone.
        only: Patterns of the only links to wrap; empty for all.
        merge_tags: Patterns of what your mailing program fills in, beside the forms that are known; links that hold one are
            left alone.
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
        keep_url: What becomes of a destination: ``page`` leaves out query and fragment, which often name a person; its
            number and a keyed digest (``event.url_id``) keep links apart.
        max_hits_per_message: So many requests of one mail are recorded in a day (UTC) and process; of more, one row stands
            for many (``event.hits``), so that nobody fills the store, or makes figures, with one link.
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
        may_redirect: The host's own takedown of destinations: asked with where a link leads, in the form a browser ends up
            with, then with the ``Location`` and the text that was signed where they differ; one ``False`` stops it.
        on_error: Is told what failed, and the exception; it is also logged.
        on_lost: Is told of each event that could not be recorded.
        clock: Gives the current moment.

    Raises:
        ConfigError: For a short key, a base URL without https, and whatever else cannot work.
    """

    base_url: str
    secret_keys: SecretKeys = field(repr=False)
    digest_keys: DigestKeys = field(default=(), repr=False)
    namespace: str = ""
    encrypt: bool = False
    short_links: bool = False
    manifests: Manifests | None = None
    allow_addresses: bool = False
    pixel: Literal["auto", "top", "bottom"] = "auto"
    utm: Mapping[str, str] = field(default_factory=dict)
    exclude: Sequence[str | re.Pattern[str]] = ()
    only: Sequence[str | re.Pattern[str]] = ()
    merge_tags: Sequence[str | re.Pattern[str]] = ()
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
    keep_url: Literal["page", "keep"] = "page"
    max_hits_per_message: int = 1_000
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
    on_error: OnError | None = None
    on_lost: OnEvent | None = None
    clock: Clock = utc_now

    def __post_init__(self) -> None:
        object.__setattr__(self, "base_url", read_base_url(self.base_url))
        object.__setattr__(self, "secret_keys", check_keys(self.secret_keys))
        if not callable(self.digest_keys) and self.digest_keys:
            object.__setattr__(self, "digest_keys", check_keys(self.digest_keys, "digest_keys"))
        for name in ("default_level", "ceiling"):
            object.__setattr__(self, name, read_level(name, getattr(self, name)))
        for name in ("exclude", "only", "merge_tags", "trusted_proxies"):
            if isinstance(getattr(self, name), Iterator):  # which the checks would use up
                object.__setattr__(self, name, [*getattr(self, name)])
        check_settings(self)

    @classmethod
    def of(cls, base_url: str, options: Mapping[str, object]) -> Self:
        """Return settings made of keywords.

        Raises:
            ConfigError: If a keyword is unknown, with what may have been meant; if ``secret_keys`` is missing, or a value
                cannot work.
        """
        known = {one.name for one in fields(cls)}
        unknown = [f"{name}{_meant(name, known)}" for name in sorted(options) if name not in known]
        if unknown:
            raise ConfigError(f"there is no setting {', '.join(unknown)}")
        if "secret_keys" not in options:
            raise ConfigError("secret_keys is missing: make a key with mailbeacon keys new")
        return cls(base_url=base_url, **options)  # type: ignore[arg-type]

    @property
    def keys(self) -> Keys:
        """The secret keys as bytes, the newest last."""
        return check_keys(self.secret_keys)

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: object) -> Self:
        return self


def _meant(name: str, known: set[str]) -> str:
    """Return what may have been meant by a name that does not exist."""
    from difflib import get_close_matches  # only for an error

    close = get_close_matches(name, sorted(known), 1)
    return f" (did you mean {close[0]}?)" if close else ""
