"""What a beacon needs for mail out: which token stands where, and what rewrites a body for one message or a campaign.

Reads no request.
"""

from __future__ import annotations

from collections.abc import Callable

from mailbeacon.errors import ConfigError
from mailbeacon.links import Routes
from mailbeacon.model import HONEYPOT_LINK, Channel, Level, Message, Target
from mailbeacon.privacy import is_mixed, personal, shared
from mailbeacon.rewriting import Planner, Rewrite, rewrite_html, rewrite_text
from mailbeacon.settings import Settings
from mailbeacon.template import Linkers, Template, compile_template, leave_alone, no_campaign, short
from mailbeacon.tokens import TokenSigner

__all__ = ["Outgoing"]

_ALL = Level.FULL
_FULL = (_ALL, _ALL)


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
        self._planner = planner
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
            return _FULL
        ceiling = self._settings.ceiling
        if max(message.opens, message.clicks) > ceiling:
            raise ConfigError(f"the message asks for more than the ceiling {ceiling.name}: give it lower levels")
        return self.least(message)

    def least(self, message: Message) -> tuple[Level, Level]:
        """Return a message's own levels or the host's, whichever is less."""
        return min(message.opens, self.most), min(message.clicks, self.most)

    def tokens(self, message: Message, levels: tuple[Level, Level]) -> tuple[str, str]:
        """Return the token of the pixel and that of the links: the same, unless only one of them may name the recipient."""
        opens, clicks = levels
        if not (opens or clicks):
            return "", ""
        own = self._signer.sign_message(personal(message, opens, clicks))
        if not is_mixed(opens, clicks):
            return own, own
        common = self._signer.sign_message(shared(message.campaign, opens, clicks))
        return (common, own) if opens is Level.AGGREGATE else (own, common)

    def rewriters(self, message: Message, *, shared: bool) -> tuple[Callable[..., Rewrite], Callable[..., Rewrite]]:
        """Return what rewrites the bodies of a message's mail."""
        opens, clicks = self.least(message) if shared else self.levels(message)
        of_open, token = self.tokens(message, (opens, clicks))
        linker = self.linkers.of(message.campaign) if clicks and message.campaign else None
        image = self._routes.open(of_open) if opens else ""
        wrap_html = linker.wrap(token) if linker else no_campaign if clicks else None
        trap = wrap_html(HONEYPOT_LINK, self._settings.honeypot) if wrap_html and self._settings.honeypot else ""

        def html(source: str, /, *, first_number: int, pixel: bool) -> Rewrite:
            return rewrite_html(
                source,
                wrap_html,
                pixel=image if pixel else "",
                position=self._settings.pixel,
                planner=self._planner,
                first_number=first_number,
                trap=trap if pixel else "",
            )

        def text(source: str, /, *, first_number: int) -> Rewrite:
            wrap = linker.wrap(token, Channel.TEXT) if linker else no_campaign if clicks else leave_alone
            return rewrite_text(source, wrap, rules=self._planner.rules, first_number=first_number)

        return html, text

    def compiled(
        self,
        html: str,
        text: str,
        *,
        campaign: str,
        verify: bool,
        levels: Callable[[Message], tuple[Level, Level]],
        first_number: int = 1,
        with_pixel: bool = True,
    ) -> Template:
        """Compile a newsletter with the host's links, pixel and levels."""
        return compile_template(
            html,
            text,
            campaign=campaign,
            linker=self.linkers.of(campaign),
            routes=self._routes,
            planner=self._planner,
            position=self._settings.pixel,
            verify=verify,
            sign=self._signer.sign_message,
            levels=levels,
            most=self.most,
            first_number=first_number,
            with_pixel=with_pixel,
            honeypot=self._settings.honeypot,
        )

    def _link_signer(self, campaign: str) -> Callable[[Target], str]:
        if self._settings.short_links:
            return short
        return lambda target: self._signer.sign_link(target, campaign)
