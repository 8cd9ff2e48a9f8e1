"""The link tokens of a campaign: each signed once, and put beside the token of whoever gets the mail.

Knows no document; reads no token.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable

from mailbeacon.caches import Cache
from mailbeacon.errors import ConfigError
from mailbeacon.links import MAX_URL_LENGTH, Routes, short_name
from mailbeacon.model import MESSAGE_TOKEN_ROOM, Channel, Target
from mailbeacon.rewriting import LinkWrapper, Wrap

__all__ = ["Linker", "Linkers", "leave_alone", "no_campaign", "short"]

_MAX_LINKS = 65_536
_MAX_CAMPAIGNS = 64
_MAX_PARTS = 64


class Linker:
    """Sign the links of one campaign, each once, and remember them within bounds.

    Args:
        campaign: The campaign.
        sign: Signs a target for the campaign, or gives its short name.
        routes: The URLs.
    """

    def __init__(self, campaign: str, sign: Callable[[Target], str], routes: Routes) -> None:
        self.campaign = campaign
        self.routes = routes
        self._sign = sign
        self._parts: Cache[tuple[Channel, int], LinkTokens] = Cache(_MAX_PARTS)

    def wrap(self, message_token: str, channel: Channel = Channel.HTML) -> LinkWrapper:
        """Return what wraps a link for one message."""
        return _Wrapper(self, f"{self.routes.click_head}{message_token}/", channel)

    def tokens(self, channel: Channel, links: int) -> LinkTokens:
        """Return the tokens of the links of a part that leads to so many destinations."""
        found = self._parts.get((channel, links))
        if found is None:
            room = MAX_URL_LENGTH - len(self.routes.click_head) - MESSAGE_TOKEN_ROOM - 1
            found = self._parts.put((channel, links), LinkTokens(self._sign, channel, links, room))
        return found


class LinkTokens(Cache[tuple[int, str], str]):
    """The tokens of one part's links, by number and destination.

    Args:
        sign: Signs a target.
        channel: The part.
        links: How many destinations the part leads to; 0 when it is not known.
        room: The most characters a token may have.
    """

    __slots__ = ("_channel", "_links", "_room", "_sign")

    def __init__(self, sign: Callable[[Target], str], channel: Channel, links: int, room: int) -> None:
        super().__init__(_MAX_LINKS)
        self._sign, self._channel, self._links, self._room = sign, channel, links, room

    def make(self, number: int, url: str) -> str:
        """Sign a link; the empty text stands for one that would grow too long."""
        token = self._sign(Target(number=number, url=url, channel=self._channel, links=self._links))
        return self.put((number, url), token if len(token) <= self._room else "")


class _Wrapper(LinkWrapper):
    """Wrap the links of one part of one message."""

    __slots__ = ("_channel", "_head", "_linker")

    def __init__(self, linker: Linker, head: str, channel: Channel) -> None:
        self._linker, self._head, self._channel = linker, head, channel

    def __call__(self, number: int, url: str) -> str:
        return self.among(0)(number, url)

    def among(self, links: int) -> Wrap:
        head, tokens = self._head, self._linker.tokens(self._channel, links)

        def wrap(number: int, url: str) -> str:
            token = tokens.get((number, url))
            if token is None:
                token = tokens.make(number, url)
            return head + token if token else ""

        return wrap


class Linkers:
    """The link tokens of the campaigns used last.

    Args:
        signer: Gives, for a campaign, what signs its links.
        routes: The URLs.
    """

    def __init__(self, signer: Callable[[str], Callable[[Target], str]], routes: Routes) -> None:
        self._signer = signer
        self._routes = routes
        self._known: Cache[str, Linker] = Cache(_MAX_CAMPAIGNS)

    def of(self, campaign: str) -> Linker:
        """Return the link tokens of a campaign."""
        found = self._known.get(campaign)
        return (
            self._known.put(campaign, Linker(campaign, self._signer(campaign), self._routes))
            if found is None
            else found
        )


def leave_alone(number: int, url: str) -> str:  # noqa: ARG001 - the shape of a wrap
    """Wrap no link."""
    return ""


def no_campaign(number: int, url: str) -> str:  # noqa: ARG001 - the shape of a wrap
    """Refuse to wrap a link without a campaign, as signing one does by itself; goes with 0.4."""
    warnings.warn(
        "no_campaign goes with 0.4: signing a link refuses an empty campaign", DeprecationWarning, stacklevel=2
    )
    raise ConfigError("campaign must not be empty where links are wrapped: a link is signed for its campaign")


def short(target: Target) -> str:
    """Return a link's short name in place of a signature."""
    return short_name(target.number, target.url, target.channel)
