"""What a beacon needs for mail out: which token stands where, and what rewrites a body for one message or a campaign.

Reads no request.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import NamedTuple

from mailbeacon.errors import ConfigError
from mailbeacon.links import Routes
from mailbeacon.model import HONEYPOT_LINK, Action, Channel, Level, Message, SkipReason, Target
from mailbeacon.privacy import is_mixed, personal, shared, without_metadata
from mailbeacon.rewriting import Planner, Rewrite, rewrite_html, rewrite_text
from mailbeacon.settings import Settings
from mailbeacon.template import (
    Instructions,
    Issuer,
    Linker,
    Linkers,
    Template,
    compile_template,
    leave_alone,
    short,
)
from mailbeacon.tokens import TokenSigner

__all__ = ["BodyRewriter", "Outgoing"]

_ALL = Level.FULL
_BOTH_FULL = (_ALL, _ALL)


class BodyRewriter(NamedTuple):
    """What makes of the bodies of one message's mail what is sent.

    Attributes:
        instructions: Which links are wrapped, and what is put in where.
        pixel: The pixel's URL; empty for none.
        token: The message token that stands in its links.
        linker: Gives the tokens of the links themselves; ``None`` leaves them alone.
    """

    instructions: Instructions
    pixel: str
    token: str
    linker: Linker | None

    def html(
        self,
        source: str,
        /,
        *,
        first_number: int = 1,
        pixel: bool = True,
        bound: Mapping[str, SkipReason] | None = None,
    ) -> Rewrite:
        """Rewrite an HTML body; a mail has one pixel, and one honeypot beside it."""
        instructions = self.instructions
        wrap = self.linker.wrap(self.token) if self.linker else None
        return rewrite_html(
            source,
            wrap,
            pixel=self.pixel if pixel else "",
            position=instructions.position,
            planner=instructions.planner,
            first_number=first_number,
            honeypot=wrap(HONEYPOT_LINK, instructions.honeypot) if wrap and pixel and instructions.honeypot else "",
            bound=bound,
        )

    def text(self, source: str, /, *, first_number: int = 1, bound: Mapping[str, SkipReason] | None = None) -> Rewrite:
        """Rewrite a plain-text body."""
        wrap = self.linker.wrap(self.token, Channel.TEXT) if self.linker else leave_alone
        return rewrite_text(source, wrap, rules=self.instructions.planner.rules, first_number=first_number, bound=bound)


class Outgoing:
    """Put one host's tokens into its mail.

    Args:
        settings: The host's.
        signer: Holds the keys.
        routes: The URLs.
        planner: Which links are wrapped.

    Attributes:
        most: The highest level any message may have.
        linkers: The link tokens of the campaigns used last.
    """

    def __init__(self, settings: Settings, signer: TokenSigner, routes: Routes, planner: Planner) -> None:
        self._settings = settings
        self._signer = signer
        self._routes = routes
        self._instructions = Instructions(planner=planner, position=settings.pixel, honeypot=settings.honeypot)
        self.most = min(settings.default_level, settings.ceiling)
        self.linkers = Linkers(self._link_signer, routes)

    def levels(self, message: Message) -> tuple[Level, Level]:
        """Return how much may be known of a message's opens and clicks.

        Raises:
            ConfigError: If the message asks for more than the ceiling.
        """
        if not isinstance(message, Message):
            raise ConfigError(f"message must be Message, got {type(message).__name__}")
        if message.opens is message.clicks is self.most is _ALL:
            return _BOTH_FULL
        ceiling = self._settings.ceiling
        if max(message.opens, message.clicks) > ceiling:
            raise ConfigError(f"the message asks for more than the ceiling {ceiling.name}: give it lower levels")
        return self.least(message)

    def least(self, message: Message) -> tuple[Level, Level]:
        """Return a message's own levels or the host's, whichever is less."""
        return min(message.opens, self.most), min(message.clicks, self.most)

    def tokens(self, message: Message, levels: tuple[Level, Level]) -> tuple[str, str]:
        """Return the token of the pixel and that of the links: the same, unless only one of them may name the recipient."""
        if levels is _BOTH_FULL:  # most mail
            own = self._signer.sign_message(message)
            return own, own
        opens, clicks = levels
        if not (opens or clicks):
            return "", ""
        own = self._signer.sign_message(personal(message, opens, clicks))
        if not is_mixed(opens, clicks):
            return own, own
        common = self._signer.sign_message(shared(message.campaign, opens, clicks))
        return (common, own) if opens is Level.AGGREGATE else (own, common)

    def leave_token(self, message: Message, action: Action) -> str:
        """Return the token by which a message's recipient can leave."""
        if message.metadata:
            message = without_metadata(message, *self.least(message))
        return self._signer.sign_action(message, action)

    def rewriters(self, message: Message, *, shared: bool) -> BodyRewriter:
        """Return what rewrites the bodies of a message's mail."""
        levels = opens, clicks = self.least(message) if shared else self.levels(message)
        of_open, token = self.tokens(message, levels)
        pixel = self._routes.open(of_open) if opens else ""
        return BodyRewriter(self._instructions, pixel, token, self.linkers.of(message.campaign) if clicks else None)

    def compiled(
        self,
        html: str,
        text: str,
        *,
        campaign: str,
        verify: bool,
        levels: Callable[[Message], tuple[Level, Level]],
        first_number: int = 1,
        pixel: bool = True,
    ) -> Template:
        """Compile a newsletter with the host's links, pixel and levels."""
        instructions = replace(self._instructions, verify=verify, first_number=first_number, with_pixel=pixel)
        issuer = Issuer(sign=self._signer.sign_message, levels=levels, most=self.most)
        return compile_template(html, text, instructions, linker=self.linkers.of(campaign), issuer=issuer)

    def _link_signer(self, campaign: str) -> Callable[[Target], str]:
        if self._settings.short_links and campaign:
            return short
        return partial(self._signer.sign_link, campaign=campaign)  # which refuses to do so without one
