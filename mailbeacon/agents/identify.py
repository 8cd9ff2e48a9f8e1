"""From a user agent to what it is: the rules first, then the form, then a browser's name.

Answers are remembered, a bounded number of them. Does not read headers: the few that count are arguments.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from hashlib import blake2b

from mailbeacon.agents.names import Namer
from mailbeacon.agents.shape import device_of, hints_of, is_plain_browser, kind_of, major_of, system_of, without_device
from mailbeacon.agents.table import AgentRule, RuleTable, read_rules
from mailbeacon.caches import Cache
from mailbeacon.model import AgentKind, Hint

__all__ = ["UNKNOWN", "Agent", "Agents"]

_LONGEST = 512
"""Characters of a user agent that are looked at."""

_PERSONAL = frozenset({AgentKind.BROWSER, AgentKind.MAIL_CLIENT})

_APPS = {
    "com.microsoft.office.outlook": "Outlook mobile",
    "com.samsung.android.email.provider": "Samsung Email",
    "de.gmx.mobile.android.mail": "GMX Mail",
    "de.web.mobile.android.mail": "WEB.DE Mail",
    "de.telekom.mail": "Telekom Mail",
    "it.italiaonline.mail": "Libero Mail",
}
"""Android's mail apps, by the package name a WebView puts into ``X-Requested-With``.

Source: matomo device-detector, client hints of mail apps, 2026.
"""

_BRANDS = {
    "Brave": "Brave",
    "Microsoft Edge": "Edge",
    "Opera": "Opera",
    "Vivaldi": "Vivaldi",
    "YaBrowser": "Yandex Browser",
}
_BRAND = re.compile(r'"([^"]{1,40})";\s?v="(\d{1,4})')
_PLATFORMS = {
    "Android": {"Android", "Linux"},
    "Chrome OS": {"ChromeOS"},
    "Chromium OS": {"ChromeOS"},
    "iOS": {"iOS", "iPadOS", "macOS"},
    "Linux": {"Linux"},
    "macOS": {"macOS"},
    "Windows": {"Windows"},
}
"""The systems a user agent may name beside each ``Sec-CH-UA-Platform``.

Source: W3C User-Agent Client Hints, 2025; Chrome for Android says "X11; Linux" when asked for desktop sites, as do headsets.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """What a user agent says it is.

    Attributes:
        kind: Proxy, mail client, browser or machine.
        client: The name, from our own lists only; empty when none fits.
        version: The major version, as text.
        system: The operating system, of browsers and mail clients.
        device: ``desktop``, ``phone``, ``tablet``; empty when unknown.
        hints: That it contradicts itself or the client hints, or is out of date.
    """

    kind: AgentKind = AgentKind.UNKNOWN
    client: str = ""
    version: str = ""
    system: str = ""
    device: str = ""
    hints: frozenset[Hint] = frozenset()


UNKNOWN = Agent()
"""What is said of an empty user agent."""


class Agents:
    """Identify user agents; one object serves all threads.

    Args:
        rules: A host's own rules, tried before the package's.
        remember: How many answers to keep.
    """

    __slots__ = ("_hinted", "_namer", "_own", "_seen", "_table", "_version")

    def __init__(self, rules: Iterable[AgentRule] = (), *, remember: int = 4096) -> None:
        version, shipped = read_rules()
        own = tuple(rules)
        self._version = f"{version}+{_digest(own)}" if own else version
        self._own = RuleTable(own) if own else None
        self._table = RuleTable(shipped)
        self._namer = Namer()
        self._seen: Cache[str, Agent] = Cache(remember)
        self._hinted: Cache[tuple[str, str, str, str], Agent] = Cache(remember)

    def __repr__(self) -> str:
        return f"Agents(version={self._version!r})"

    @property
    def version(self) -> str:
        """The version of the rules, for verdicts."""
        return self._version

    def kind(self, user_agent: str) -> AgentKind:
        """Return the kind alone, without a browser's name: the cheap way for a user agent never seen."""
        text = user_agent[:_LONGEST]
        return self._decide(text, text.lower())[0]

    def identify(
        self, user_agent: str, *, requested_with: str = "", client_hints: str = "", platform: str = ""
    ) -> Agent:
        """Return what a user agent is.

        Args:
            user_agent: The header's text; only its first 512 characters count.
            requested_with: The ``X-Requested-With`` header, in which Android's apps name themselves.
            client_hints: The ``Sec-CH-UA`` header.
            platform: The ``Sec-CH-UA-Platform`` header.
        """
        if not (requested_with or client_hints or platform):
            try:
                return self._seen[user_agent]
            except KeyError:
                return self._see(user_agent)
        key = user_agent[:_LONGEST], requested_with[:100], client_hints[:300], platform[:40]
        return self._hinted.get(key) or self._hinted.put(key, self._with_hints(*key))

    def _see(self, user_agent: str) -> Agent:
        """Identify a user agent, and remember the answer; so a plain look-up finds nearly all that come."""
        text = user_agent[:_LONGEST]
        return self._seen.get(text) or self._seen.put(text, self._identify(text))

    def _decide(self, text: str, lowered: str) -> tuple[AgentKind, str, AgentRule | None]:
        rule = self._own.find(text, lowered) if self._own else None
        if rule is None and is_plain_browser(lowered):
            return AgentKind.BROWSER, "", None
        rule = rule or self._table.find(text, without_device(lowered))
        if rule is not None:
            return rule.kind, rule.client, rule
        kind, client = kind_of(lowered)
        return kind, client, None

    def _identify(self, text: str) -> Agent:
        if not text.strip():
            return UNKNOWN
        lowered = text.lower()
        kind, client, rule = self._decide(text, lowered)
        system = system_of(lowered) if kind in _PERSONAL else ""
        version = ""
        if kind is AgentKind.BROWSER:
            name, version = self._namer.name(text)
            client = name or client
        elif rule is not None and rule.client and rule.how in ("word", "has", "start"):
            version = _version_after(rule.pattern, lowered)
        return Agent(
            kind=kind,
            client=client,
            version=version,
            system=system,
            device=device_of(system, lowered) if system else "",
            hints=hints_of(lowered, kind, named=bool(client)),
        )

    def _with_hints(self, text: str, requested_with: str, client_hints: str, platform: str) -> Agent:
        agent = self.identify(text)
        if requested_with in _APPS and agent.kind in _PERSONAL:
            agent = replace(agent, kind=AgentKind.MAIL_CLIENT, client=_APPS[requested_with], version="")
        if agent.kind is not AgentKind.BROWSER:
            return agent
        brands = dict(_BRAND.findall(client_hints))
        if "HeadlessChrome" in brands:
            return replace(agent, kind=AgentKind.SCRIPT, client="Headless Chrome", version=brands["HeadlessChrome"])
        system = platform.strip('" ')
        version = major_of(text.lower(), "chrome")
        if (system in _PLATFORMS and agent.system not in _PLATFORMS[system]) or (
            version and brands.get("Chromium", str(version)) != str(version)
        ):
            agent = replace(agent, hints=agent.hints | {Hint.CONTRADICTION})
        for brand, name in _BRANDS.items():
            if brand in brands:
                return replace(agent, client=name, version=brands[brand])
        return agent


def _digest(rules: Iterable[AgentRule]) -> str:
    """Name a host's own rules: others, or the same in another order, have another name."""
    named = repr([(rule.kind.value, rule.client, rule.how, rule.pattern) for rule in rules])
    return blake2b(named.encode("utf-8", "surrogatepass"), digest_size=4).hexdigest()


def _version_after(name: str, lowered: str) -> str:
    """Return the major version that stands right after a product's name."""
    rest = lowered[lowered.find(name) + len(name) :].lstrip("/ v(")
    digits = rest[: len(rest) - len(rest.lstrip("0123456789"))]
    return digits if len(digits) <= 4 else ""
