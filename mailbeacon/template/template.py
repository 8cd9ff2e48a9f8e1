"""A compiled newsletter: one recipient is one signature and one join.

Holds the rewritten document cut at the places where the recipient's token goes. Knows nothing of the mail around the
document (see ``composing``) and of what comes back.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NoReturn

from mailbeacon.errors import ConfigError
from mailbeacon.links import manifest_of
from mailbeacon.model import Level, Link, Manifest, Message, Skipped
from mailbeacon.privacy import is_mixed, personal, shared
from mailbeacon.rewriting import Rewrite, join_warnings
from mailbeacon.rewriting.report import report_lines

__all__ = ["Issuer", "Levels", "Template"]

_PIXEL_END = ".gif"
"""What follows the token in the pixel's URL; in a link's it is a slash."""
_ALL = Level.FULL
Levels = tuple[Level, Level]


@dataclass(frozen=True, slots=True)
class _Cut:
    """One part of a mail, cut at its tokens, in each choice of levels that was asked for."""

    done: Rewrite
    slot: str
    common: Callable[[Level, Level], str]
    """Returns the token that the whole campaign shares, where opens and clicks need different ones."""
    ready: dict[Levels, list[str]] = field(default_factory=dict)

    def parts(self, opens: Level, clicks: Level) -> list[str]:
        found = self.ready.get((opens, clicks))
        if found is None:
            done = self.done.applied(lambda edit: bool(clicks if edit.number else opens))
            found = done.split(self.slot)
            if is_mixed(opens, clicks):
                found = _filled(found, self.common(opens, clicks), pixel=opens is Level.AGGREGATE)
            self.ready[opens, clicks] = found
        return found


def _filled(parts: Sequence[str], token: str, *, pixel: bool) -> list[str]:
    """Put the campaign's token into the pixel's slot, or into those of the links; the others stay open."""
    found = [parts[0]]
    for part in parts[1:]:
        if part.startswith(_PIXEL_END) is pixel:
            found[-1] += token + part
        else:
            found.append(part)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuer:
    """Who signs the token of a message, and what it may allow.

    Attributes:
        sign: Gives the token.
        levels: Gives how much may be known of a message's opens and clicks.
        most: The highest level any message may have.
    """

    sign: Callable[[Message], str]
    levels: Callable[[Message], Levels]
    most: Level = Level.FULL


class Template:
    """A compiled newsletter; made by ``Beacon.compile``.

    Attributes:
        campaign: The campaign it was compiled for.
        links: The wrapped links of both parts, with labels.
        skipped: The links left alone, with reasons.
        warnings: What the sender should look at.
    """

    def __init__(
        self,
        campaign: str,
        html: Rewrite,
        text: Rewrite,
        *,
        slot: str,
        issuer: Issuer,
        labelled: tuple[Sequence[Link], Sequence[Skipped]],
    ) -> None:
        links, skipped = labelled
        self.campaign = campaign
        self.links = (*links, *text.links)
        self.skipped = (*skipped, *text.skipped)
        self.warnings = join_warnings(html.warnings, html.scoped, text.warnings)
        self._sign = issuer.sign
        self._html = _Cut(html, slot, self._common)
        self._text = _Cut(text, slot, self._common)
        self._full = self._html.parts(_ALL, _ALL)
        self._levels = issuer.levels
        self._most = issuer.most

    def __repr__(self) -> str:
        return f"Template(campaign={self.campaign!r}, links={len(self.links)}, skipped={len(self.skipped)})"

    def __reduce__(self) -> NoReturn:
        raise ConfigError(
            "a template holds what signs, so it cannot be pickled: compile it in the process that renders"
        )

    def render(self, message: Message) -> str:
        """Return the HTML for one recipient.

        Raises:
            ConfigError: If the message is of another campaign, or its token cannot be made.
        """
        if message.__class__ is not Message or message.campaign != self.campaign:
            self._check(message)
        if message.opens is message.clicks is self._most is _ALL:
            return self._sign(message).join(self._full)
        return self._join(self._html, message, self._levels(message))

    def render_text(self, message: Message) -> str:
        """Return the plain-text part for one recipient.

        Raises:
            ConfigError: If the message is of another campaign, or its token cannot be made.
        """
        return self._join(self._text, message, self._check(message))

    def source(self, placeholder: str, *, opens: Level = Level.FULL, clicks: Level = Level.FULL) -> str:
        """Return the whole document with a placeholder where the token goes, for a provider's batch sending.

        Args:
            placeholder: What the provider's program fills in, such as ``{{ token }}``; see :meth:`token`.
            opens: How much may be known of opens; NONE leaves the pixel out.
            clicks: How much may be known of clicks; NONE leaves the links as they are.

        Raises:
            ConfigError: If the placeholder is empty, or stands in the document already, or a level is not available.
        """
        return self._placed(self._html, placeholder, opens, clicks)

    def source_text(self, placeholder: str, *, opens: Level = Level.FULL, clicks: Level = Level.FULL) -> str:
        """Return the plain-text part with a placeholder where the token goes, as :meth:`source` does.

        Raises:
            ConfigError: If the placeholder is empty, or stands in the text already.
        """
        return self._placed(self._text, placeholder, opens, clicks)

    def token(self, message: Message, *, opens: Level = Level.FULL, clicks: Level = Level.FULL) -> str:
        """Return what to put in place of the placeholder for one recipient.

        Args:
            message: The recipient's.
            opens: The level of opens that :meth:`source` was asked for.
            clicks: The level of clicks that :meth:`source` was asked for.

        Raises:
            ConfigError: If the message is of another campaign, or its levels ask for a pixel or links where such a source
                has none, or for none where it has them.
        """
        levels = self._check(message)
        if _layout(*levels) != _layout(*self._allowed(opens, clicks)):
            raise ConfigError(
                "the message's levels are not those the source was made for: make one for them, "
                "and name the same opens and clicks here"
            )
        return self._sign(personal(message, *levels))

    def manifest(self) -> Manifest:
        """Return the destinations by short name, for ``Settings.manifests``."""
        return manifest_of(self.campaign, self.links)

    def report(self) -> str:
        """Return, for a terminal, what was done with each link and what to look at."""
        html = self._html.done
        return report_lines(self.links, self.skipped, self.warnings, html.size_before, html.size_after, html=True)

    def _check(self, message: Message) -> Levels:
        if not isinstance(message, Message):
            raise ConfigError(f"message must be a Message, got {type(message).__name__}")
        if message.campaign != self.campaign:
            raise ConfigError("the message's campaign is not the one the template was compiled for")
        return self._levels(message)

    def _join(self, cut: _Cut, message: Message, levels: Levels) -> str:
        parts = cut.parts(*levels)
        return self._sign(personal(message, *levels)).join(parts) if len(parts) > 1 else parts[0]

    def _common(self, opens: Level, clicks: Level) -> str:
        return self._sign(shared(self.campaign, opens, clicks))

    def _placed(self, cut: _Cut, placeholder: str, opens: Level, clicks: Level) -> str:
        levels = self._allowed(opens, clicks)
        if not isinstance(placeholder, str) or not placeholder:
            raise ConfigError("the placeholder must be a text, and not empty")
        parts = cut.parts(*levels)
        found = placeholder.join(parts)
        if found.split(placeholder) != parts:
            raise ConfigError("the placeholder stands in the document already: choose another")
        return found

    def _allowed(self, opens: Level, clicks: Level) -> Levels:
        """Return the levels that are left of these after the host's own limits."""
        return self._levels(Message(recipient="anybody", campaign=self.campaign, opens=opens, clicks=clicks))


def _layout(opens: Level, clicks: Level) -> tuple[bool, bool, Level]:
    """Return what a mail of these levels looks like: whether it holds a pixel, wrapped links, and which token it shares."""
    return opens > Level.NONE, clicks > Level.NONE, opens if is_mixed(opens, clicks) else Level.NONE
