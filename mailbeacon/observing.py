"""From a request to its facts: everything a verdict needs, and nothing that names a person.

Asks the agents, the networks and the place database, and reads the few headers of ``model.KEPT_HEADERS``. Judges
nobody, stores nothing, and gives away neither address nor user agent: only digests that change every UTC day. An
observer remembers its last few thousand clients in memory, so that the same one need not be worked out again.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date
from hashlib import blake2b

from mailbeacon.agents import Agents
from mailbeacon.caches import Cache
from mailbeacon.errors import ConfigError
from mailbeacon.model import (
    MAX_ADDRESS,
    MAX_VALUE,
    AgentKind,
    AgentTable,
    Facts,
    Hint,
    Kind,
    KnownAgent,
    Locator,
    NetworkKind,
    Networks,
    Request,
)
from mailbeacon.networks import Table, builtin
from mailbeacon.networks.addresses import pack
from mailbeacon.privacy import opted_out

__all__ = ["Client", "Observer"]

_PREFETCH_HEADERS = ("sec-purpose", "purpose", "x-purpose", "x-moz")
_FETCH = ("sec-fetch-site", "sec-fetch-mode", "sec-fetch-dest")
_PREFETCH_WORDS = ("prefetch", "preview", "prerender")
_FORM_KINDS = frozenset({Kind.UNSUBSCRIBE, Kind.WITHDRAW, Kind.LEAVE_PAGE})
_PERSONS = frozenset({AgentKind.BROWSER, AgentKind.UNKNOWN})
_SIGNERS = {
    "chatgpt.com": "ChatGPT agent",
    "agent.bot.goog": "Google agent",
    "operator.openai.com": "ChatGPT agent",
}
"""Who signs requests with these names in ``Signature-Agent``; a closed list, so that no free text is kept.

Source: OpenAI, ChatGPT agent allow-listing, 2025; Google, Web Bot Auth experiment, 2026.
"""

_GATEWAYS = frozenset(
    {
        "safelinks.protection.outlook.com",
        "urldefense.com",
        "urldefense.proofpoint.com",
        "linkprotect.cudasvc.com",
        "secure-web.cisco.com",
    }
)
_GATEWAY_ENDS = (".safelinks.protection.outlook.com", ".urldefense.com", ".mimecast.com")
"""Hosts of security gateways that rewrite links. Source: reports by senders and users, 2026."""

_WEBMAIL = frozenset(
    {
        "mail.google.com",
        "mail.yahoo.com",
        "outlook.live.com",
        "outlook.office.com",
        "outlook.office365.com",
        "mail.aol.com",
        "mail.proton.me",
        "app.fastmail.com",
        "e.mail.ru",
    }
)
_WEBMAIL_STARTS = ("mail.yandex.", "navigator.gmx.", "navigator.web.")
"""Hosts at which people read mail in a browser. Source: the providers' own addresses, 2026."""

_FETCH_SINCE = {"Chrome": 76, "Edge": 79, "Opera": 63, "Firefox": 90, "Safari": 17}
"""The first major version that always sends ``Sec-Fetch-*``.

Source: MDN, browser compatibility of Sec-Fetch-Site, 2025 (Safari: 16.4, taken here as 17).
"""

_APPLE_ENGINE = "applewebkit/60"
"""Apple's own engine, which every browser on its phones and tablets must use; elsewhere browsers freeze it at 537.36."""
_APPLE_SYSTEM = re.compile(r"\bos (\d{1,2})_(\d{1,2})[\d_]* like mac os x")
_FETCH_SINCE_IOS = (16, 4)
"""The first iOS and iPadOS whose engine always sends ``Sec-Fetch-*``, for whatever browser.

Source: MDN, browser compatibility of Sec-Fetch-Site, WebView on iOS, 2025.
"""

_NOT_THE_READER = frozenset(
    {
        AgentKind.PRIVACY_PROXY,
        AgentKind.IMAGE_PROXY,
        AgentKind.PREFETCH,
        AgentKind.SCANNER,
        AgentKind.PREVIEW,
        AgentKind.CRAWLER,
        AgentKind.SCRIPT,
    }
)
_READERS_NETWORKS = frozenset({NetworkKind.UNKNOWN, NetworkKind.LOCAL})
_NO_AGENT = ("", "-")
"""What stands for no user agent: a field that is empty, or what servers write into their logs for one that was not sent."""
_OPEN = Kind.OPEN
_CLICK = Kind.CLICK
_DAYS_KEPT = 64
_MOST_KNOWN = 4096
_LONGEST_KEPT = 2_000
"""Characters of a request's header values that are remembered at most."""
_Known = frozenset[str] | None
Client = tuple[int, str, bool, str, tuple[tuple[str, str], ...], _Known]
"""What tells one client from another, wherever it is.

The day (the ordinal of its date in UTC), the method, whether there is a form, the user agent (of 512 characters at most),
the header fields kept, and those the source can show.
"""


class _KnownClient:
    """What is said of a client wherever it is, and whether it is remembered; as a key it is told apart by what it is alone."""

    __slots__ = ("at", "is_kept")

    def __init__(self, facts: Facts, *, is_kept: bool) -> None:
        self.at = facts.located
        self.is_kept = is_kept


_At = tuple[_KnownClient, str, str]
"""A client, its address, and the version of the network data."""


class Observer:
    """Turn requests into facts; one object serves all threads.

    Args:
        networks: Who runs which network; ``None`` for the package's own table.
        agents: What user agents are; ``None`` for the package's own rules.
        secret: The key of the digests, such as ``TokenSigner.derive`` gives, or what gives that of a day (UTC);
            empty for a random one, which makes digests that can be compared within this object only.
        geo: Where addresses are, such as :class:`mailbeacon.networks.Geography`; ``None`` leaves places empty.
    """

    __slots__ = ("_agents", "_clients", "_days", "_find", "_geo", "_known", "_networks", "_secret")

    def __init__(
        self,
        networks: Networks | None = None,
        agents: AgentTable | None = None,
        secret: bytes | Callable[[date], bytes] = b"",
        geo: Locator | None = None,
    ) -> None:
        self._networks: Networks = builtin() if networks is None else networks
        self._agents: AgentTable = Agents() if agents is None else agents
        self._secret = secret or secrets.token_bytes(32)
        self._geo = geo
        self._days: Cache[int, blake2b] = Cache(_DAYS_KEPT)
        self._find = self._networks.find if isinstance(self._networks, Table) else None
        self._known: Cache[_At, Facts] = Cache(_MOST_KNOWN)
        self._clients: Cache[Client, _KnownClient] = Cache(_MOST_KNOWN)

    def __repr__(self) -> str:
        return f"Observer(agents={self._agents.version!r}, networks={self._networks.version!r})"

    @property
    def version(self) -> str:
        """The version of the network data as it is now."""
        return self._networks.version

    def observe(self, request: Request, kind: Kind) -> Facts:
        """Return the facts of a request.

        Args:
            request: With ``received_at`` set: the digests change with the day.
            kind: What the request is; a form's POST is ordinary only where there is a form.

        Raises:
            ConfigError: If ``received_at`` is not set.
        """
        moment, fields = request.received_at, request.fields
        if moment is None:
            raise ConfigError("received_at must be set before a request is observed")
        day = (moment if moment.tzinfo is UTC else moment.astimezone(UTC)).toordinal()
        has_form = kind is not _OPEN and kind is not _CLICK and kind in _FORM_KINDS
        user_agent = fields.lower.get("user-agent", "")[:MAX_VALUE]
        client = (day, request.method, has_form, user_agent, fields.kept, request.known)
        return self.facts(client, request.address, self._networks.version)

    def facts(self, client: Client, address: str, version: str) -> Facts:
        """Return the facts of a client at an address: what :meth:`observe` does, where there is no request.

        Args:
            client: Which.
            address: Where it is.
            version: :attr:`version` as it is now.
        """
        seen = self._clients.get(client) or self._see(client)
        at = seen, address, version
        facts = self._known.get(at) or self._locate(at, client[0])
        if self._geo is None or facts.agent in _NOT_THE_READER or facts.network.kind not in _READERS_NETWORKS:
            return facts
        place = self._geo.locate(address)
        return facts.changed(country=place.country, region=place.region, city=place.city)

    def _locate(self, at: _At, day: int) -> Facts:
        """Add to what is said of a client where it is, and remember it: the same client has the same, as one object."""
        seen, address, version = at
        packed = pack(address)
        if packed:
            digest = (self._days.get(day) or self._key(day)).copy()
            digest.update(packed[:8])  # all of IPv4, half of IPv6
            network = self._networks.lookup(address) if self._find is None else self._find(packed)
            facts = seen.at(network, digest.hexdigest(), version)
        else:
            facts = seen.at(self._networks.lookup(address), "", "")
        return self._known.put(at, facts) if seen.is_kept and len(address) <= MAX_ADDRESS else facts

    def _see(self, client: Client) -> _KnownClient:
        """Work out what can be said of a client wherever it is, and remember it unless it is long."""
        kept = client[4]
        is_kept = not kept or sum([len(value) for _, value in kept]) <= _LONGEST_KEPT
        seen = _KnownClient(self._make(client), is_kept=is_kept)
        return self._clients.put(client, seen) if is_kept else seen

    def _make(self, client: Client) -> Facts:
        day, method, has_form, user_agent, kept, known = client
        values = dict(kept)
        if user_agent.strip() in _NO_AGENT:
            user_agent = ""
        agent = self._agents.identify(
            user_agent,
            requested_with=values.get("x-requested-with", ""),
            client_hints=values.get("sec-ch-ua", ""),
            platform=values.get("sec-ch-ua-platform", ""),
        )
        hints = [*agent.hints, *_method_hints(method, has_form), *_sent_hints(values)]
        hints += _missing_hints(user_agent, values, known, sends_fetch=_sends_fetch(agent, user_agent.lower()))
        name, version = agent.client, agent.version
        if Hint.SIGNED_AGENT in hints and agent.kind in _PERSONS:
            name, version = _SIGNERS.get(_host(values.get("signature-agent", "").strip('" ')), "signed agent"), ""
        return Facts(
            agent=agent.kind,
            client=name,
            client_version=version,
            system=agent.system,
            device=agent.device,
            agent_id=_digest(self._key(day), user_agent.encode("utf-8", "surrogatepass")),
            hints=frozenset(hints),
            rules=self._agents.version,
        )

    def _key(self, day: int) -> blake2b:
        """Return the keyed hash of a UTC day."""
        key = self._days.get(day)
        if key is None:
            secret = self._secret(date.fromordinal(day)) if callable(self._secret) else self._secret
            hashed = blake2b(secret, digest_size=32, person=b"mailbeacon facts").digest()
            key = self._days.put(day, blake2b(day.to_bytes(4), key=hashed, digest_size=8))
        return key


def _digest(key: blake2b, data: bytes) -> str:
    if not data:
        return ""
    made = key.copy()
    made.update(data)
    return made.hexdigest()


def _method_hints(method: str, has_form: bool) -> Iterator[Hint]:
    if method == "HEAD":
        yield Hint.HEAD
    elif method != "GET" and not (method == "POST" and has_form):
        yield Hint.OTHER_METHOD


def _sent_hints(values: Mapping[str, str]) -> Iterator[Hint]:
    """Read the header fields that say something wherever they come from."""
    for name in _PREFETCH_HEADERS:
        value = values.get(name, "").lower()
        if any(word in value for word in _PREFETCH_WORDS):
            yield Hint.PREFETCH
    if values.get("signature-agent") or "web-bot-auth" in values.get("signature-input", ""):
        yield Hint.SIGNED_AGENT
    if values.get("range"):
        yield Hint.RANGE
    if opted_out(values.get("sec-gpc", "")):
        yield Hint.GPC
    if opted_out(values.get("dnt", "")):
        yield Hint.DNT
    if any(map(values.get, _FETCH)):
        yield Hint.SEC_FETCH
        if values.get("sec-fetch-user") == "?1":
            yield Hint.SEC_FETCH_USER
    hint = _referer_hint(values.get("referer", ""))
    if hint is not None:
        yield hint


def _sends_fetch(agent: KnownAgent, lowered: str) -> bool:
    """Check whether a browser always sends ``Sec-Fetch-*``.

    On Apple's phones and tablets that is the engine's doing, so there the system's version counts, where it is told: a
    tablet that asks for desktop sites does not tell it.
    """
    if agent.kind is not AgentKind.BROWSER or agent.client not in _FETCH_SINCE:
        return False
    if _APPLE_ENGINE in lowered and agent.client != "Safari":
        system = _APPLE_SYSTEM.search(lowered)
        return system is not None and (int(system[1]), int(system[2])) >= _FETCH_SINCE_IOS
    return int(agent.version or 0) >= _FETCH_SINCE[agent.client]


def _missing_hints(user_agent: str, values: Mapping[str, str], known: _Known, *, sends_fetch: bool) -> Iterator[Hint]:
    """Read what is missing of what the source can show: all header fields, or the ``known`` ones."""
    if known is not None:
        yield Hint.HEADERS_UNKNOWN
    if not user_agent and (known is None or "user-agent" in known):
        yield Hint.NO_USER_AGENT
    if not values.get("accept") and (known is None or "accept" in known):
        yield Hint.NO_ACCEPT
    if not values.get("accept-language") and (known is None or "accept-language" in known):
        yield Hint.NO_ACCEPT_LANGUAGE
    if sends_fetch and not any(map(values.get, _FETCH)) and not (known is not None and known.isdisjoint(_FETCH)):
        yield Hint.NO_SEC_FETCH


def _host(url: str) -> str:
    """Return the host of a URL, in lower case."""
    parts = url[:300].split("/", 3)
    return parts[2].lower() if len(parts) > 2 else ""


def _referer_hint(referer: str) -> Hint | None:
    """Read the host of a Referer, and no more of it."""
    host = _host(referer)
    if host in _WEBMAIL or host.startswith(_WEBMAIL_STARTS):
        return Hint.WEBMAIL_REFERER
    if host in _GATEWAYS or host.endswith(_GATEWAY_ENDS):
        return Hint.GATEWAY_REFERER
    return None
