"""The words the rest of the package speaks: small enumerations, no logic."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum, StrEnum

__all__ = ["Action", "Actor", "AgentKind", "Channel", "Hint", "Kind", "Level", "NetworkKind", "Purpose"]


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
    """The pixel of a mail was fetched, by whomever."""
    CLICK = "click"
    """A wrapped link was followed, by whomever."""
    LEAVE_PAGE = "leave_page"
    """The page for leaving was looked at; nobody has left by that."""
    UNSUBSCRIBE = "unsubscribe"
    """The recipient wants no more mail."""
    WITHDRAW = "withdraw"
    """The recipient wants no more tracking, and goes on to get mail."""
    SENT = "sent"
    """A provider took the mail over from the host."""
    DELIVERED = "delivered"
    """The recipient's server accepted the mail."""
    DEFERRED = "deferred"
    """The recipient's server refused the mail for now (a soft bounce); the provider may try again."""
    BOUNCED = "bounced"
    """The recipient's server refused the mail for good (a hard bounce)."""
    REJECTED = "rejected"
    """The provider did not send the mail, such as to an address on its suppression list."""
    COMPLAINED = "complained"
    """The recipient called the mail spam."""
    SUBSCRIBED = "subscribed"
    """The recipient came back to the list."""
    UNKNOWN = "unknown"
    """What a provider reported, or a newer version stored, and this version has no word for."""


class Action(StrEnum):
    """What a recipient may do by a link of the mail, each with a signature of its own."""

    UNSUBSCRIBE = "unsubscribe"
    """Get no more mail of this kind."""
    STOP_TRACKING = "stop_tracking"
    """Go on getting the mail, without opens and clicks being recorded."""


class Purpose(StrEnum):
    """What a person agreed to, or did not."""

    OPENS = "opens"
    """Recording when the mail is opened."""
    CLICKS = "clicks"
    """Recording which links are followed."""
    MAIL = "mail"
    """Being sent the mail at all."""


class Channel(StrEnum):
    """The part of the mail a link stood in."""

    HTML = "html"
    """The HTML body."""
    TEXT = "text"
    """The plain-text body."""


class Actor(StrEnum):
    """Who made a request, as far as it can be known."""

    HUMAN = "human"
    """A person, with a mail client or browser of their own."""
    IMAGE_PROXY = "image_proxy"
    """A person, through a provider's image proxy."""
    PRIVACY_PROXY = "privacy_proxy"
    """Apple's Mail Privacy Protection: a person or nobody, which cannot be told."""
    PREFETCH = "prefetch"
    """A mail provider that loads images ahead, whether or not anybody looks."""
    SCANNER = "scanner"
    """A security gateway or sandbox that checks the mail."""
    PREVIEW = "preview"
    """A messenger or social network that draws a preview of a shared link."""
    CRAWLER = "crawler"
    """A search engine, archive, feed reader or other robot that says so."""
    SCRIPT = "script"
    """A program with an HTTP library."""
    UNKNOWN = "unknown"
    """Nothing speaks clearly enough for a person or a machine."""

    @property
    def is_human(self) -> bool | None:
        """``True`` for a person, ``False`` for a machine, ``None`` where it cannot be known."""
        return _IS_HUMAN[self]


_IS_HUMAN: Mapping[Actor, bool | None] = {
    **dict.fromkeys(Actor, False),
    **dict.fromkeys((Actor.HUMAN, Actor.IMAGE_PROXY), True),
    **dict.fromkeys((Actor.PRIVACY_PROXY, Actor.UNKNOWN)),
}
"""Looked up, for it is asked of every event, and Python before 3.12 takes a call to find a member by its name."""


class AgentKind(StrEnum):
    """What a user agent says it is."""

    PRIVACY_PROXY = "privacy_proxy"
    """Apple's Mail Privacy Protection."""
    IMAGE_PROXY = "image_proxy"
    """A mail provider's image proxy, which fetches when the reader looks."""
    PREFETCH = "prefetch"
    """A mail provider that fetches ahead of the reader."""
    MAIL_CLIENT = "mail_client"
    """A mail program."""
    BROWSER = "browser"
    """A web browser, or an app that shows pages as one."""
    SCANNER = "scanner"
    """A security scanner."""
    PREVIEW = "preview"
    """A maker of link previews."""
    CRAWLER = "crawler"
    """A robot that names itself."""
    SCRIPT = "script"
    """An HTTP library or command-line tool."""
    UNKNOWN = "unknown"
    """It says nothing that is known."""


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
    """A content delivery network."""
    VPN = "vpn"
    """A network of people who hide where they are."""
    LOCAL = "local"
    """Loopback, private or reserved addresses."""
    UNKNOWN = "unknown"
    """Nothing is known of it, as of most homes and offices."""


class Hint(StrEnum):
    """A fact about a request's method, headers or user agent that names nobody."""

    HEAD = "head"
    """The method was HEAD: only the header was wanted."""
    OTHER_METHOD = "other-method"
    """The method was neither GET nor HEAD."""
    PREFETCH = "prefetch"
    """A ``Sec-Purpose``, ``Purpose``, ``X-Purpose`` or ``X-Moz`` header announced a prefetch or preview."""
    RANGE = "range"
    """Only a part of the answer was wanted."""
    GPC = "gpc"
    """``Sec-GPC: 1``: the reader's browser asks not to be tracked (Global Privacy Control)."""
    DNT = "dnt"
    """``DNT: 1``: the older form of the same wish."""
    HEADERS_UNKNOWN = "headers-unknown"
    """The source (an access log, a webhook) cannot show all header fields: only what it could show may be missed."""
    NO_USER_AGENT = "no-user-agent"
    """No user agent was sent."""
    NO_ACCEPT = "no-accept"
    """No ``Accept`` header was sent, as every browser and mail client does."""
    NO_ACCEPT_LANGUAGE = "no-accept-language"
    """No ``Accept-Language`` header was sent, as every browser does."""
    NO_SEC_FETCH = "no-sec-fetch"
    """The user agent names a browser that always sends ``Sec-Fetch-*``, and it did not."""
    SEC_FETCH = "sec-fetch"
    """``Sec-Fetch-*`` headers were sent, as by a present browser."""
    SEC_FETCH_USER = "sec-fetch-user"
    """``Sec-Fetch-User: ?1``: the navigation says it began with a person's gesture."""
    GATEWAY_REFERER = "gateway-referer"
    """The Referer's host is a security gateway's link rewriter."""
    WEBMAIL_REFERER = "webmail-referer"
    """The Referer's host is a webmail service."""
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
    SIGNED_AGENT = "signed-agent"
    """``Signature-Agent`` or ``Signature-Input``: the request says it is signed by an agent (Web Bot Auth)."""
