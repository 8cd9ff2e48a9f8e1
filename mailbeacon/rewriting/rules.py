"""Which links to wrap, and why the others are left alone.

Looks at one link at a time; where links are is ``markup``'s work, what a wrapped URL looks like the caller's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote_plus, unquote_plus, urljoin

from mailbeacon.errors import ConfigError
from mailbeacon.links import check_destination
from mailbeacon.markup import Attribute
from mailbeacon.model import SkipReason

__all__ = ["MERGE_TAG", "LinkRules", "opted_out", "says_unsubscribe"]

MERGE_TAG = re.compile(
    r"\{\{|\{%|\*\||%%|<%|\[\[|\$\{|%recipient[._]|%[a-z_]*unsubscribe_url%"
    r"|%7b%7b|%7b%25|%2a%7c|%25%25|%3c%25|%5b%5b|%24%7b",
    re.IGNORECASE,
)
"""What a mailing program fills in later. Source: the template syntaxes of Jinja, Liquid, Mailchimp, Salesforce Marketing Cloud,
ERB, Mautic, JavaScript and Mailgun (their documentation, 2026), plain and percent-encoded."""

_UNSUBSCRIBE = (
    "unsub", "opt-out", "optout", "opt_out", "opt out", "abmeld", "abbestell", "desabonn", "désabonn", "desinscri",
    "désinscri", "desuscri", "disiscri", "darse de baja", "cancelar suscripción", "uitschrij", "afmeld", "avregistr",
    "avprenumer", "wypisz", "отписа", "退订", "配信停止",
)  # fmt: skip
"""What unsubscribe links say, in their address or their label."""

_ALWAYS = frozenset({"data-pm-no-track", "data-no-track", "data-skip-click", "mc:disable-tracking"})
_WHEN = {
    "data-mailbeacon": ("off",),
    "clicktracking": ("off", "no", "false", "0"),
    "disable-tracking": ("true", "1", ""),
    "mautic:disable-tracking": ("true", "1", ""),
    "data-msys-clicktrack": ("0",),
}
"""Marks that keep a link from being wrapped. Source: SendGrid, Brevo, Postmark, Mailchimp, Bird/SparkPost, kannon, ahoy_email and
Mautic (their documentation or code, 2026)."""

_SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:")
_HTTP = re.compile(r"https?:", re.IGNORECASE)
_MAX_KNOWN = 4_096


def opted_out(found: Sequence[Attribute]) -> bool:
    """Tell whether a tag's attributes ask for the link to be left alone."""
    for attribute in found:
        if attribute.name in _ALWAYS and attribute.value.strip().lower() != "false":
            return True
        if attribute.name in _WHEN and attribute.value.strip().lower() in _WHEN[attribute.name]:
            return True
    return False


def says_unsubscribe(lowered: str) -> bool:
    """Tell whether a link's source, in lower case, calls it an unsubscribe link."""
    for word in _UNSUBSCRIBE:  # noqa: SIM110 - half the time of any() over a generator, for each link
        if word in lowered:
            return True
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkRules:
    """Decide about destinations.

    Args:
        owns: Tells whether a URL is one of ours already.
        exclude: Regular expressions, searched in the destination, of links to leave alone.
        only: Regular expressions of the only links to wrap; empty for all.
        utm: Parameters added to each destination that lacks them.
        wrap_unsubscribe: Wrap unsubscribe links too.

    Raises:
        ConfigError: If an expression is none.
    """

    owns: Callable[[str], bool] = lambda _: False
    exclude: Sequence[str] = ()
    only: Sequence[str] = ()
    utm: Mapping[str, str] = field(default_factory=dict)
    wrap_unsubscribe: bool = False
    _exclude: re.Pattern[str] | None = field(init=False, default=None)
    _only: re.Pattern[str] | None = field(init=False, default=None)
    _utm: Mapping[str, str] = field(init=False, default_factory=dict)
    _known: dict[tuple[str, str], tuple[str, SkipReason | None]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_exclude", _union(self.exclude, "exclude"))
        object.__setattr__(self, "_only", _union(self.only, "only"))
        added = {name: f"{quote_plus(name)}={quote_plus(value)}" for name, value in self.utm.items()}
        object.__setattr__(self, "_utm", added)

    def judge(self, url: str, base: str = "") -> tuple[str, SkipReason | None]:
        """Give the destination of a link, and why it must be left alone, or ``None``.

        Args:
            url: The link as a browser reads it.
            base: The document's absolute base URL, if it has one.
        """
        key = (url, base)
        found = self._known.get(key)
        if found is None:
            if len(self._known) >= _MAX_KNOWN:
                self._known.clear()
            found = self._known[key] = self._judge(url, base)
        return found

    def _judge(self, url: str, base: str) -> tuple[str, SkipReason | None]:
        reason = self._form(url, base)
        if reason:
            return url, reason
        if not _HTTP.match(url):
            url = urljoin(base, url)
        if self.owns(url):
            return url, SkipReason.OURS
        reason = check_destination(url)
        if reason:
            return url, reason
        if (self._exclude and self._exclude.search(url)) or (self._only and not self._only.search(url)):
            return url, SkipReason.EXCLUDED
        return self._with_utm(url), None

    def _form(self, url: str, base: str) -> SkipReason | None:
        if not url:
            return SkipReason.EMPTY
        if MERGE_TAG.search(url):
            return SkipReason.MERGE_TAG
        if url[0] == "#":
            return SkipReason.ANCHOR
        if _HTTP.match(url):
            return None
        if _SCHEME.match(url):
            return SkipReason.NOT_HTTP
        return None if base else SkipReason.RELATIVE

    def _with_utm(self, url: str) -> str:
        """Add the parameters the destination lacks, without touching what is there."""
        if not self._utm:
            return url
        front, mark, fragment = url.partition("#")
        query = front.partition("?")[2]
        present = {unquote_plus(pair.partition("=")[0]) for pair in query.split("&")}
        added = "&".join([pair for name, pair in self._utm.items() if name not in present])
        if not added:
            return url
        joint = "" if front.endswith(("?", "&")) else "&" if "?" in front else "?"
        return f"{front}{joint}{added}{mark}{fragment}"


def _union(expressions: Sequence[str], name: str) -> re.Pattern[str] | None:
    if isinstance(expressions, str):
        raise ConfigError(f"{name} must be a list of regular expressions, got a single text")
    try:
        for expression in expressions:
            re.compile(expression)
        return re.compile("|".join(f"(?:{expression})" for expression in expressions)) if expressions else None
    except (re.error, TypeError) as error:
        raise ConfigError(f"{name} holds what is no regular expression") from error
