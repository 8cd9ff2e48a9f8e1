"""The keywords of ``Beacon(...)``, so that a type checker finds a wrong name or value: the fields of ``Settings``.

A test holds the two side by side.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Literal, Required, TypedDict

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
from mailbeacon.settings.settings import DigestKeys, Keep, SecretKeys

__all__ = ["MoreOptions", "Options"]


class MoreOptions(TypedDict, total=False):
    """The settings besides the base URL and the signing keys; what each decides stands at :class:`Settings`."""

    digest_keys: DigestKeys
    namespace: str
    encrypt: bool
    short_links: bool
    manifests: Manifests | None
    allow_addresses: bool
    pixel: Literal["auto", "top", "bottom"]
    utm: Mapping[str, str]
    exclude: Sequence[str | re.Pattern[str]]
    only: Sequence[str | re.Pattern[str]]
    merge_tags: Sequence[str | re.Pattern[str]]
    wrap_unsubscribe: bool
    wrap_visible_urls: bool
    honeypot: str
    default_level: Level
    ceiling: Level
    max_age: timedelta | None
    clock_skew: timedelta
    fallback_url: str
    trusted_proxies: Sequence[str]
    proxy_header: str
    keep_address: Keep
    keep_user_agent: Keep
    keep_headers: Literal["drop", "keep"]
    keep_url: Literal["page", "keep"]
    max_hits_per_message: int
    honor_dnt: bool
    agents: AgentTable | None
    networks: Networks | None
    geo: Locator | None
    judge: Judge | None
    sink: Sink | None
    history: History | None
    consent: Allows | None
    on_event: OnEvent | None
    on_leave: OnLeave | None
    leave_texts: Mapping[str, Mapping[Action, LeaveText]]
    may_redirect: MayRedirect | None
    on_error: OnError | None
    on_lost: OnEvent | None
    clock: Clock


class Options(MoreOptions, total=False):
    """The settings besides the base URL."""

    secret_keys: Required[SecretKeys]
