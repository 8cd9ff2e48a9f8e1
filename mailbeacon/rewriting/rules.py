"""Which links to wrap, and why the others are left alone.

Looks at one link at a time; where links are is ``markup``'s work, what a wrapped URL looks like the caller's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import quote_plus, unquote_plus, urljoin

from mailbeacon.caches import Cache
from mailbeacon.errors import ConfigError
from mailbeacon.links import check_destination
from mailbeacon.markup import Attribute, attribute_text
from mailbeacon.model import SkipReason
from mailbeacon.settings import Settings

__all__ = [
    "MERGE_TAG",
    "LinkRules",
    "doubtful_tag",
    "filled_in",
    "may_be_marked",
    "opted_out",
    "says_unsubscribe",
    "shown_host",
]

MERGE_TAG = re.compile(
    r"(?:\{|%7b){2}|\{[%!$]|%7b%25|(?:\*|%2a)(?:\||%7c)|%%(?:=|[a-z_][\w. :-]*+%%)|%25%25[a-z_][\w.]*+%25%25|<[%?]|%3c%25"
    r"|(?:\[|%5b){2}\s*+[$@#~a-z_][^\[\]]*+\]|%5b%5b[a-z_][\w.]*+%5d%5d|(?:\$|%24)(?:\{|%7b)|\$\[[^\[\]]++\]\$|#\{|##[a-z_]\w*+##"
    r"|\[%[^\[\]%]++%\]|%\([a-z_]\w*+\)s|%recipient[._]|%[a-z_]*unsubscribe_url%|\{[a-z_][\w.]*+(?:[=|:][^{}\"]*+)?\}"
    r"|\{[a-z_][\w. ]*+\}|\{\d{1,2}\}|<<[a-z_][\w. ]*+>>|(?<=[=/])%(?:\d\$)?[sd](?![\w%])|=\$!?[a-z_]"
    r"|@(?:\(|(?-i:Model|ViewBag)\.|(?-i:ViewData)\[)"
    r"|(?<!//)\[[a-z_]++:[a-z_][^\[\]]*+\]|(?<=[=/])\[[a-z_][a-z_ -]*+\]|%[g-z_][a-z0-9_]*+%|%[a-f][g-z_][a-z0-9_]*+%",
    re.IGNORECASE,
)
"""What a mailing program fills in later. Source: the template syntaxes of Jinja, Liquid, Mailchimp, Salesforce Marketing Cloud,
ERB, PHP, Blade, Razor, Velocity, Ruby, Mautic, MailPoet, CiviCRM, Mailtrain, Mailgun, JavaScript, Python and 1&1 (their
documentation, 2026), each of the commoner signs plain or percent-encoded: encoders leave some."""
_WHOLE_TAG = re.compile(
    r"(?:\[[^\[\]]++\]|@(?:\{[^{}]++\}|\(?[a-z_][^\s]*+)|\$!?\{?[a-z_][\w.]*+(?:\([^()]*+\))?\}?|##?[a-z_]\w*+(?:##|\([^()]*+\))|%[a-z_]\w*+%|%(?:\d\$)?[sd])\Z",
    re.IGNORECASE,
)
"""A tag that is the whole address: in an address that is none, less is needed to tell. Source: also Razor, Velocity, Thymeleaf."""
_DOUBTFUL = re.compile(r"(?<==)@[a-zA-Z_]\w*+|\[[A-Z][A-Z0-9_]++\]|%[A-F][A-F0-9][A-Z][A-Z0-9_]*+%")
"""What may be a tag, or a part of a genuine address: ``?list[NAME]=1`` is one of PHP."""

_UNSUBSCRIBE = (
    "unsub", "cancel your subscription", "cancel subscription", "stop receiving", "abmeld", "abbestell", "desabonn",
    "désabonn", "desinscri", "désinscri", "desuscri", "disiscri", "darse de baja", "cancelar suscripción",
    "uitschrij", "afmeld", "avregistr", "avprenumer", "avmeld", "wypisz", "descadastr", "dezabon", "leiratkoz",
    "abonelikten", "отписа", "退订", "退訂", "取消订阅", "取消訂閱", "配信停止", "購読解除", "수신거부", "구독 취소", "austragen",
    "cancella iscrizione", "avsluta prenumeration", "odhlás", "cancelar inscri", "meld deg av", "peruuta tilaus",
    "إلغاء الاشتراك",
)  # fmt: skip
"""What unsubscribe links say, in their address or their label."""

_OPT_OUT = re.compile(r"opt[-_ ]?out(?![a-z])(?! of the (?!list|mail|news|e-?mail))")
_ABOUT = re.compile(r"\b(?:why|reasons?|reduc(?:e|ing)|avoid|prevent|fewer) (?:[\w']++ ){0,3}\Z")
"""What stands before the word where a text is about leaving, and no way to leave."""
_ABOUT_AFTER = re.compile(r"\w*+[ _+-](?:rates?|statistics|benchmarks?)\b")
_ABOUT_REACH = 60
_EDGES = re.compile("[<>\"'?&]")
_JOINTS = re.compile(r"(?>[\s_+/-]|%20)++")
_ALWAYS = frozenset(
    {"data-pm-no-track", "data-mt-no-track", "data-no-track", "data-skip-click", "mc:disable-tracking", "ses:no-track"}
)
_WHEN = {
    "data-mailbeacon": ("off",),
    "clicktracking": ("off", "no", "false", "0"),
    "disable-tracking": ("true", "1", ""),
    "mautic:disable-tracking": ("true", "1", ""),
    "data-msys-clicktrack": ("0",),
}
"""Marks that keep a link from being wrapped. Source: SendGrid, Brevo, Postmark, Mailchimp, Amazon SES, Bird/SparkPost, kannon,
ahoy_email and Mautic (their documentation or code, 2026)."""

_FILLED_IN = frozenset({"th:href", "data-th-href", ":href", "v-bind:href"})
"""Attributes that a template language puts in place of ``href``. Source: the documentation of Thymeleaf and Vue, 2026."""

_MARK_WORDS = ("track", "-click", "mailbeacon", ":href", "-th-href")
"""Each mark, and each attribute that takes the place of ``href``, holds one of these words, so a tag without them is not read
attribute by attribute."""

_VISIBLE = re.compile(r"(?:https?://|www\.)([^\s/?#<>\"']+)", re.IGNORECASE)
_INNER_TAG = re.compile(r"<!--(?:-?>|(?>[^-]++|-(?!-!?>))*+(?:--!?>|\Z))|<[^>]*+>?")
"""A tag or comment inside a label, to the end of the label where it is never closed: else each one would look for an end."""
_SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:")
_HTTP = re.compile(r"https?:", re.IGNORECASE)
_MAX_KNOWN = 4_096


Expression = str | re.Pattern[str]
"""A regular expression, compiled or not."""


def may_be_marked(lowered: str) -> bool:
    """Check whether a tag in lower case may have what :func:`opted_out` or :func:`filled_in` knows; quick, no answer by itself."""
    return any(word in lowered for word in _MARK_WORDS)


def opted_out(found: Sequence[Attribute]) -> bool:
    """Check whether a tag's attributes ask for the link to be left alone."""
    for attribute in found:
        if attribute.name in _ALWAYS and attribute.value.strip().lower() != "false":
            return True
        if attribute.name == "class" and "untracked" in attribute.value.lower().split():
            return True
        if attribute.name in _WHEN and attribute.value.strip().lower() in _WHEN[attribute.name]:
            return True
    return False


def filled_in(found: Sequence[Attribute]) -> bool:
    """Check whether a template language puts another address in place of a tag's ``href``."""
    return any(attribute.name in _FILLED_IN for attribute in found)


def says_unsubscribe(lowered: str) -> bool:
    """Check whether a link's source, in lower case, calls it an unsubscribe link."""
    if "&" in lowered:
        lowered = attribute_text(lowered)
    if "\xa0" in lowered:
        lowered = lowered.replace("\xa0", " ")
    for word in _UNSUBSCRIBE:  # a loop: half the time of any() over a generator, for each link
        if word in lowered and _asks(lowered, word):
            return True
    return "opt" in lowered and _OPT_OUT.search(lowered) is not None


def _asks(lowered: str, word: str) -> bool:
    """Check whether a word for leaving is meant as one somewhere in a text, and is not what the text is about."""
    at = lowered.find(word)
    while at >= 0:
        before = _JOINTS.sub(" ", _EDGES.split(lowered[max(0, at - _ABOUT_REACH) : at])[-1])
        if not _ABOUT.search(before) and not _ABOUT_AFTER.match(lowered, at + len(word)):
            return True
        at = lowered.find(word, at + len(word))
    return False


def doubtful_tag(url: str) -> str:
    """Return what in a URL may be a mailing program's tag, or may as well be meant; empty where nothing is."""
    found = _DOUBTFUL.search(url)
    return found[0] if found else ""


def shown_host(source: str) -> str:
    """Return the host of the address that a link's text begins with, in lower case; empty where it is no address.

    Args:
        source: What follows the link's tag, up to its end.
    """
    text = attribute_text(_INNER_TAG.sub("", source)).strip().strip("\u200b\ufeff")
    seen = _VISIBLE.match(text)
    return seen[1].lower() if seen else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkRules:
    """Decide about destinations.

    Args:
        owns: Tells whether a URL is one of ours already.
        exclude: Regular expressions, searched in the destination, of links to leave alone.
        only: Regular expressions of the only links to wrap; empty for all.
        merge_tags: Regular expressions of what the host's mailing program fills in, beside the known forms.
        utm: Parameters added to each destination that lacks them.
        wrap_unsubscribe: Wrap unsubscribe links too.
        wrap_visible_urls: Wrap links whose text is an address too.

    Raises:
        ConfigError: If an expression is none.
    """

    owns: Callable[[str], bool] = field(default=lambda _: False, repr=False)
    exclude: Sequence[Expression] = ()
    only: Sequence[Expression] = ()
    merge_tags: Sequence[Expression] = ()
    utm: Mapping[str, str] = field(default_factory=dict)
    wrap_unsubscribe: bool = False
    wrap_visible_urls: bool = True
    _exclude: tuple[re.Pattern[str], ...] = field(init=False, compare=False, repr=False, default=())
    _only: tuple[re.Pattern[str], ...] = field(init=False, compare=False, repr=False, default=())
    _merge_tags: tuple[re.Pattern[str], ...] = field(init=False, compare=False, repr=False, default=())
    _utm: Mapping[str, str] = field(init=False, compare=False, repr=False, default_factory=dict)
    _known: Cache[tuple[str, str], tuple[str, SkipReason | None]] = field(
        init=False, compare=False, repr=False, default_factory=lambda: Cache(_MAX_KNOWN)
    )

    @classmethod
    def of(cls, settings: Settings, owns: Callable[[str], bool]) -> Self:
        """Make the rules of a host's settings.

        Args:
            settings: With the fields of the same names.
            owns: Tells whether a URL is one of ours already.
        """
        return cls(
            owns=owns,
            exclude=settings.exclude,
            only=settings.only,
            merge_tags=settings.merge_tags,
            utm=settings.utm,
            wrap_unsubscribe=settings.wrap_unsubscribe,
            wrap_visible_urls=settings.wrap_visible_urls,
        )

    def __post_init__(self) -> None:
        for name in ("exclude", "only", "merge_tags"):
            found = getattr(self, name)
            object.__setattr__(self, f"_{name}", _compiled(found, name))
            object.__setattr__(self, name, tuple(found))
        added = {name: f"{quote_plus(name)}={quote_plus(value)}" for name, value in self.utm.items()}
        object.__setattr__(self, "_utm", added)

    def __hash__(self) -> int:
        flags = (self.wrap_unsubscribe, self.wrap_visible_urls)
        return hash((self.owns, self.exclude, self.only, self.merge_tags, frozenset(self.utm.items()), flags))

    def judge(self, url: str, base: str = "") -> tuple[str, SkipReason | None]:
        """Return the destination of a link, and why it must be left alone, or ``None``.

        Args:
            url: The link as a browser reads it.
            base: The document's absolute base URL, if it has one.
        """
        key = (url, base)
        found = self._known.get(key)
        return self._known.put(key, self._judge(url, base)) if found is None else found

    def _judge(self, url: str, base: str) -> tuple[str, SkipReason | None]:
        reason = self._form(url, base)
        if reason:
            return url, reason
        if not _HTTP.match(url):
            if url.startswith("//"):
                url = "//" + url.lstrip("/")  # as browsers do, and urljoin does not
            try:
                url = urljoin(base, url) + "?" * url.endswith("?")  # urljoin leaves an empty query out
            except ValueError:  # a bracket of an IPv6 address that is none
                return url, SkipReason.UNSAFE
            if MERGE_TAG.search(url):
                return url, SkipReason.MERGE_TAG
        if self.owns(url):
            return url, SkipReason.OURS
        reason = check_destination(url)
        if reason:
            return url, reason
        if _matches(self._exclude, url) or (self._only and not _matches(self._only, url)):
            return url, SkipReason.EXCLUDED
        return self._with_utm(url), None

    def _form(self, url: str, base: str) -> SkipReason | None:
        if not url:
            return SkipReason.EMPTY
        if MERGE_TAG.search(url) or _matches(self._merge_tags, url):
            return SkipReason.MERGE_TAG
        if not _HTTP.match(url) and _WHOLE_TAG.match(url):
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


def _matches(patterns: Sequence[re.Pattern[str]], url: str) -> bool:
    return any(pattern.search(url) for pattern in patterns)


def _compiled(expressions: Sequence[Expression], name: str) -> tuple[re.Pattern[str], ...]:
    if isinstance(expressions, str | re.Pattern):
        raise ConfigError(f"{name} must be a list of regular expressions, got a single one")
    try:
        found = tuple(re.compile(expression) for expression in expressions)
    except (re.error, TypeError) as error:
        raise ConfigError(f"{name} holds what is no regular expression") from error
    if not all(isinstance(pattern.pattern, str) for pattern in found):
        raise ConfigError(f"{name} holds an expression over bytes: links are text")
    return found
