"""A newsletter compiled once for a campaign: one recipient is then one signature and one join.

Cuts the rewritten document at the places where the recipient's token goes. Knows nothing of mail around the document (see
``composing``) and of what comes back.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from mailbeacon.caches import Cache
from mailbeacon.errors import ConfigError
from mailbeacon.links import MAX_URL_LENGTH, Routes, manifest_of, short_name
from mailbeacon.model import HONEYPOT_LINK, MESSAGE_TOKEN_ROOM, Channel, Level, Link, Manifest, Message, Skipped, Target
from mailbeacon.privacy import is_mixed, personal, shared
from mailbeacon.rewriting import Planner, Rewrite, join_warnings, pixel_tag, rewrite_html, rewrite_text

if TYPE_CHECKING:
    from mailbeacon.outline import Outline

__all__ = ["Linker", "Linkers", "Template", "compile_template", "leave_alone", "no_campaign", "prove", "short"]

_TYPICAL_TOKEN = 72
"""The length of a message token with ordinary names, in characters, for the projected size."""
_SAMPLE_TOKEN = "a0.sampleA"
_PIXEL_END = ".gif"
"""What follows the token in the pixel's URL; in a link's it is a slash."""
_MAX_LINKS = 65_536
_MAX_CAMPAIGNS = 64
_ALL = Level.FULL
Levels = tuple[Level, Level]


class Linker:
    """Give the link tokens of one campaign, each signed once and remembered, within bounds.

    Args:
        sign: Signs a target for the campaign, or gives its short name.
        routes: The URLs.
    """

    def __init__(self, sign: Callable[[Target], str], routes: Routes) -> None:
        self._sign = sign
        self._head = routes.click_head
        self._known: dict[Channel, Cache[tuple[int, str], str]] = {channel: Cache(_MAX_LINKS) for channel in Channel}
        self._room = MAX_URL_LENGTH - len(self._head) - MESSAGE_TOKEN_ROOM - 1

    def wrap(self, message_token: str, channel: Channel = Channel.HTML) -> Callable[[int, str], str]:
        """Give what wraps a link for one message."""
        head, known = f"{self._head}{message_token}/", self._known[channel]

        def wrap(number: int, url: str) -> str:
            token = known.get((number, url))
            if token is None:
                token = self._make(number, url, channel)
            return head + token if token else ""

        return wrap

    def _make(self, number: int, url: str, channel: Channel) -> str:
        """Sign a link; the empty text stands for one that would grow too long."""
        token = self._sign(Target(number=number, url=url, channel=channel))
        if len(token) > self._room:
            token = ""
        return self._known[channel].put((number, url), token)


class Linkers:
    """Keep the link tokens of the campaigns used last.

    Args:
        signer: Gives, for a campaign, what signs its links.
        routes: The URLs.
    """

    def __init__(self, signer: Callable[[str], Callable[[Target], str]], routes: Routes) -> None:
        self._signer = signer
        self._routes = routes
        self._known: Cache[str, Linker] = Cache(_MAX_CAMPAIGNS)

    def of(self, campaign: str) -> Linker:
        """Give the link tokens of a campaign."""
        found = self._known.get(campaign)
        return self._known.put(campaign, Linker(self._signer(campaign), self._routes)) if found is None else found


@dataclass(frozen=True, slots=True)
class _Cut:
    """Hold one part of a mail, cut at its tokens, in each choice of levels that was asked for."""

    done: Rewrite
    slot: str
    common: Callable[[Level, Level], str]
    """Gives the token that the whole campaign shares, where opens and clicks need different ones."""
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


class Template:
    """Hold a compiled newsletter; made by ``Beacon.compile``.

    Attributes:
        campaign: The campaign it was compiled for.
        links: The wrapped links of both parts, with labels.
        skipped: The links left alone, with reasons.
        warnings: What the sender should look at.
    """

    def __init__(
        self,
        *,
        campaign: str,
        html: Rewrite,
        text: Rewrite,
        slot: str,
        links: Sequence[Link],
        skipped: Sequence[Skipped],
        sign: Callable[[Message], str],
        levels: Callable[[Message], Levels],
        most: Level,
    ) -> None:
        self.campaign = campaign
        self.links = tuple(links)
        self.skipped = tuple(skipped)
        self.warnings = join_warnings(html.warnings, text.warnings)
        self._sign = sign
        self._html = _Cut(html, slot, self._common)
        self._text = _Cut(text, slot, self._common)
        self._full = self._html.parts(_ALL, _ALL)
        self._levels = levels
        self._most = most

    def render(self, message: Message) -> str:
        """Give the HTML for one recipient.

        Raises:
            ConfigError: If the message is of another campaign, or its token cannot be made.
        """
        if message.__class__ is not Message or message.campaign != self.campaign:
            self._check(message)
        if message.opens is message.clicks is self._most is _ALL:
            return self._sign(message).join(self._full)
        return self._join(self._html, message, self._levels(message))

    def render_text(self, message: Message) -> str:
        """Give the plain-text part for one recipient.

        Raises:
            ConfigError: If the message is of another campaign, or its token cannot be made.
        """
        return self._join(self._text, message, self._check(message))

    def source(self, placeholder: str, *, opens: Level = Level.FULL, clicks: Level = Level.FULL) -> str:
        """Give the whole document with a placeholder where the token goes, for a provider's batch sending.

        Args:
            placeholder: What the provider's program fills in, such as ``{{ token }}``; see :meth:`token`.
            opens: How much may be known of opens; NONE leaves the pixel out.
            clicks: How much may be known of clicks; NONE leaves the links as they are.

        Raises:
            ConfigError: If the placeholder is empty, or stands in the document already, or a level is not available.
        """
        return self._placed(self._html, placeholder, opens, clicks)

    def source_text(self, placeholder: str, *, opens: Level = Level.FULL, clicks: Level = Level.FULL) -> str:
        """Give the plain-text part with a placeholder where the token goes, as :meth:`source` does.

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
        """Give the destinations by short name, for ``Settings.manifests``."""
        return manifest_of(self.campaign, self.links)

    def report(self) -> str:
        """Tell, for a terminal, what was done with each link and what to look at."""
        from mailbeacon.rewriting.report import lines

        html = self._html.done
        return lines(self.links, self.skipped, self.warnings, html.size_before, html.size_after, html=True)

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


def compile_template(
    html: str,
    text: str,
    *,
    campaign: str,
    linker: Linker,
    routes: Routes,
    planner: Planner,
    position: Literal["auto", "top", "bottom"],
    verify: bool,
    sign: Callable[[Message], str],
    levels: Callable[[Message], Levels],
    most: Level = Level.FULL,
    first_number: int = 1,
    with_pixel: bool = True,
    honeypot: str = "",
) -> Template:
    """Compile a newsletter for a campaign.

    Raises:
        ConfigError: If the campaign is empty.
        RewriteError: If html5lib sees any difference but the listed links and the one pixel, or if the document is too
            much for it (then ``verify=False`` leaves the proof out).
    """
    if not campaign:
        raise ConfigError("campaign must not be empty: links are signed for their campaign")
    seen = _outline(html) if verify else None
    slot = _slot(html, text)
    pixel = routes.open(slot) if with_pixel else ""
    wrap = linker.wrap(slot)
    done = rewrite_html(
        html,
        wrap,
        pixel=pixel,
        position=position,
        planner=planner,
        first_number=first_number,
        trap=wrap(HONEYPOT_LINK, honeypot) if honeypot and with_pixel else "",
    )
    plain = rewrite_text(
        text, linker.wrap(slot, Channel.TEXT), rules=planner.rules, first_number=first_number + len(done.links)
    )
    if seen:
        prove(done, pixel, slot, before=seen)
    links, skipped = done.labelled(seen) if seen else (done.links, done.skipped)
    return Template(
        campaign=campaign,
        html=done,
        text=plain,
        slot=slot,
        links=(*links, *plain.links),
        skipped=(*skipped, *plain.skipped),
        sign=sign,
        levels=levels,
        most=most,
    )


def _outline(html: str) -> Outline:
    from mailbeacon import outline  # only where it is needed: html5lib is slow to import

    return outline.parse(html)


def prove(done: Rewrite, pixel: str, slot: str = "", before: Outline | None = None) -> None:
    """Let html5lib parse both documents and insist that nothing but the listed links and the pixel differs.

    Raises:
        RewriteError: Naming the first node that differs, or that the document is too large or deep for the proof.
    """
    from mailbeacon import outline

    def filled(text: str) -> str:
        return text.replace(slot, _SAMPLE_TOKEN) if slot else text

    # a trap stands where the pixel does, so what is proved for one holds for both
    after = filled(done.applied(lambda edit: edit.number != HONEYPOT_LINK))
    changed = [(planned.read, filled(url)) for planned, url in done.wrapped()]
    inserted = filled(pixel) if any(edit.new == pixel_tag(pixel) for edit in done.edits) else None
    outline.compare(before or done.source, after, changed=changed, pixel=inserted)


def _slot(*texts: str) -> str:
    """Give a text of a token's usual length that stands in none of the given."""
    number = 0
    while True:
        slot = f"mailbeacon-slot-{number}".ljust(_TYPICAL_TOKEN, "~")
        if not any(slot in text for text in texts):
            return slot
        number += 1


def leave_alone(number: int, url: str) -> str:  # noqa: ARG001 - the shape of a wrap
    """Wrap no link."""
    return ""


def no_campaign(number: int, url: str) -> str:  # noqa: ARG001 - the shape of a wrap
    """Refuse to wrap a link without a campaign."""
    raise ConfigError("campaign must not be empty where links are wrapped: a link is signed for its campaign")


def short(target: Target) -> str:
    """Give a link's short name in place of a signature."""
    return short_name(target.number, target.url, target.channel)
