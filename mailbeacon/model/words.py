"""The words the rest of the package speaks: small enumerations, no logic."""

from __future__ import annotations

from enum import IntEnum, StrEnum

__all__ = ["Actor", "AgentKind", "Channel", "Hint", "Kind", "Level", "NetworkKind"]


class Level(IntEnum):
    """How much may be known of a recipient; the smaller the stricter, so ``min`` decides.

    The numbers are the digits in the token (token version 1).
    """

    NONE = 0
    """Nothing is inserted and nothing is recorded."""
    AGGREGATE = 1
    """Counted with the whole campaign; nobody can be told apart."""
    DATE = 2
    """Only the date of the last open is kept, and overwritten."""
    FULL = 3
    """Each event is kept with its recipient."""


class Kind(StrEnum):
    """What happened."""

    OPEN = "open"
    CLICK = "click"
    LEAVE_PAGE = "leave_page"
    UNSUBSCRIBE = "unsubscribe"
    WITHDRAW = "withdraw"
    SENT = "sent"
    DELIVERED = "delivered"
    DEFERRED = "deferred"
    BOUNCED = "bounced"
    REJECTED = "rejected"
    COMPLAINED = "complained"
    SUBSCRIBED = "subscribed"
    UNKNOWN = "unknown"


class Channel(StrEnum):
    """The part of the mail a link stood in."""

    HTML = "html"
    TEXT = "text"


class Actor(StrEnum):
    """Who made a request, as far as it can be known."""

    HUMAN = "human"
    IMAGE_PROXY = "image_proxy"
    """A person, through a provider's image proxy."""
    PRIVACY_PROXY = "privacy_proxy"
    """Apple's Mail Privacy Protection: a person or nobody, which cannot be told."""
    PREFETCH = "prefetch"
    SCANNER = "scanner"
    PREVIEW = "preview"
    CRAWLER = "crawler"
    SCRIPT = "script"
    UNKNOWN = "unknown"


class AgentKind(StrEnum):
    """What a user agent says it is."""

    PRIVACY_PROXY = "privacy_proxy"
    IMAGE_PROXY = "image_proxy"
    PREFETCH = "prefetch"
    MAIL_CLIENT = "mail_client"
    BROWSER = "browser"
    SCANNER = "scanner"
    PREVIEW = "preview"
    CRAWLER = "crawler"
    SCRIPT = "script"
    UNKNOWN = "unknown"


class NetworkKind(StrEnum):
    """What a network is used for."""

    HOSTING = "hosting"
    """Rented servers: scanners, scripts, and some VPNs."""
    MAIL = "mail"
    """A mail provider's own machines, such as image proxies."""
    RELAY = "relay"
    """A privacy relay that carries people, such as Apple's."""
    CORPORATE_PROXY = "corporate_proxy"
    """A security proxy that carries office workers, such as Zscaler."""
    SECURITY = "security"
    """A security vendor's scanners."""
    CDN = "cdn"
    VPN = "vpn"
    LOCAL = "local"
    """Loopback, private or reserved addresses."""
    UNKNOWN = "unknown"


class Hint(StrEnum):
    """A fact about a request's method, headers or user agent that names nobody."""

    HEAD = "head"
    OTHER_METHOD = "other-method"
    PREFETCH = "prefetch"
    """A ``Sec-Purpose``, ``Purpose``, ``X-Purpose`` or ``X-Moz`` header announced a prefetch or preview."""
    RANGE = "range"
    GPC = "gpc"
    DNT = "dnt"
    HEADERS_UNKNOWN = "headers-unknown"
    """The source (an access log, a webhook) cannot show all header fields: only what it could show may be missed."""
    NO_USER_AGENT = "no-user-agent"
    NO_ACCEPT = "no-accept"
    NO_ACCEPT_LANGUAGE = "no-accept-language"
    NO_SEC_FETCH = "no-sec-fetch"
    """The user agent names a browser that always sends ``Sec-Fetch-*``, and it did not."""
    SEC_FETCH = "sec-fetch"
    SEC_FETCH_USER = "sec-fetch-user"
    """``Sec-Fetch-User: ?1``: the navigation says it began with a person's gesture."""
    GATEWAY_REFERER = "gateway-referer"
    """The Referer's host is a security gateway's link rewriter."""
    WEBMAIL_REFERER = "webmail-referer"
    CONTRADICTION = "contradiction"
    """The user agent contradicts itself, or the client hints beside it."""
    OUTDATED = "outdated"
    """The user agent names a system or browser hardly any person uses any more."""
    HONEYPOT = "honeypot"
    """The link is one no person can see."""
    PROVIDER_MACHINE = "provider-machine"
    """The provider's own flag calls the event a machine's."""
    PROVIDER_PROXY = "provider-proxy"
    """The provider's own flag says the open came through a privacy proxy."""
