"""A mail compiled once for a campaign: its encoded bytes cut at the slots; a recipient is one signature and one join.

Signs nothing itself and sends nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NoReturn

from mailbeacon import mime
from mailbeacon.composing.headers import HeaderTemplate
from mailbeacon.composing.pixels import places_of_pixels
from mailbeacon.composing.reading import Opened, check_email, lossy, open_mail, unleavable
from mailbeacon.composing.shapes import CompileBodies, Leaving, Slots
from mailbeacon.composing.slots import (
    SOFT_TOKEN,
    Cut,
    cut_body,
    has_leave_link,
    is_leave_tag,
    needs_quoting,
    placeholder_for,
    split_at_slots,
    with_leave_links,
)
from mailbeacon.errors import ConfigError, RewriteError
from mailbeacon.links import manifest_of
from mailbeacon.model import Action, Level, Link, Manifest, Message, Skipped, SkipReason, Warned
from mailbeacon.privacy import as_aggregate, personal
from mailbeacon.rewriting import join_warnings

if TYPE_CHECKING:
    from email.message import Message as Email

__all__ = ["MailTemplate", "compile_mail"]

_USUAL = "0" * 36
"""A recipient's name as long as most keys are."""
_LINE_END = re.compile(rb"\r\n|\r|\n")
_Levels = Callable[[Message], tuple[Level, Level]]
_Sources = Callable[[str, Level, Level], list[str]]
"""Return the text of each body, in their order, with a placeholder."""


class MailTemplate:
    """Render a mail for one recipient after another.

    Safe to use from several threads.

    Attributes:
        links: The wrapped links of all bodies.
        skipped: The links left alone.
        warnings: What the sender should look at.
    """

    def __init__(
        self,
        opened: Opened,
        compiled: Sequence[Slots],
        sources: _Sources,
        *,
        levels: _Levels,
        sign: Callable[[Message], str],
        shared: bool,
        leave: Leaving | None,
    ) -> None:
        self.links: tuple[Link, ...] = tuple(link for one in compiled for link in one.links)
        self.skipped: tuple[Skipped, ...] = tuple(link for one in compiled for link in one.skipped)
        own = sum(one.reason is SkipReason.MERGE_TAG and is_leave_tag(one.url) for one in self.skipped) if leave else 0
        said = join_warnings(*(one.warnings for one in compiled), known=own)
        self.warnings: tuple[Warned, ...] = (*opened.warnings, *said)
        self._raw = opened.raw
        self._bodies = opened.bodies
        self._campaign = compiled[0].campaign if compiled else None
        self._sign = sign
        self._levels = levels
        self._sources = sources
        self._shared = shared
        self._leave = leave
        if leave and not any(has_leave_link(body.text.text) for body in opened.bodies):
            self.warnings += tuple(unleavable(compiled))
        self._start = opened.root.body
        self._headers = HeaderTemplate(opened.raw, opened.root, shared=shared)
        self._head = opened.raw[: opened.root.body]
        self._placeholder = placeholder_for([body.text.text for body in opened.bodies])
        self._cuts: dict[tuple[Level, Level], Cut] = {}

    def __repr__(self) -> str:
        return f"MailTemplate(campaign={self._campaign!r}, links={len(self.links)}, skipped={len(self.skipped)})"

    def __reduce__(self) -> NoReturn:
        raise ConfigError(
            "a mail template holds what signs, so it cannot be pickled: compile it in the process that sends"
        )

    def render(self, message: Message, headers: Mapping[str, str] | None = None) -> bytes:
        """Return one recipient's mail, ready for SMTP.

        Args:
            message: Names the recipient; its campaign must be the template's.
            headers: Fields to set, or to replace where the mail has them: ``{"To": …}``. Written as people read them;
                encoding and folding is done here.

        Raises:
            ConfigError: For a header that cannot be written, another campaign, or a token too long for a line.
            RewriteError: If ``headers`` name several recipients, and the mail is not shared.
        """
        if self._shared:
            message = as_aggregate(message)
        if message.campaign != self._campaign and self._campaign is not None:
            raise ConfigError("the message's campaign is not the one the mail was compiled for")
        levels = self._levels(message)
        cut = self._cuts.get(levels) or self._cut(*levels)
        if self._leave:
            headers = {**(headers or {}), **self._leave.headers(message)}
        head = self._headers.render(headers) if headers else self._head
        if not cut.rest:
            return head + cut.first
        tokens: dict[Action | None, bytes] = {}
        if None in cut.kinds:
            token = tokens[None] = self._sign(personal(message, *levels)).encode()
            if len(token) <= SOFT_TOKEN and not cut.has_actions:
                return token.join((head + cut.first, *cut.rest))
        if self._leave:
            tokens |= {kind: self._leave.sign(message, kind).encode() for kind in {*cut.kinds} if kind}
        if any(len(one) > cut.room for one in tokens.values()):
            raise ConfigError("the token is too long for a line of this mail: use a shorter recipient, id or variant")
        return head + b"".join(cut.filled(tokens))

    def manifest(self) -> Manifest:
        """Return the destinations by short name, for ``Settings.manifests``."""
        return manifest_of(self._campaign or "", self.links)

    def report(self) -> str:
        """Return, for a terminal, what was done with each link and what to look at; its size is a usual recipient's."""
        from mailbeacon.rewriting.report import report_lines

        usual = Message(recipient=_USUAL, campaign=self._campaign or "")
        before, after = len(self._raw), len(self.render(usual))
        return report_lines(self.links, self.skipped, self.warnings, before, after, html=False)

    def _cut(self, opens: Level, clicks: Level) -> Cut:
        """Cut the mail for two levels; done once for each pair."""
        sources = self._sources(self._placeholder, opens, clicks)
        bodies = sorted(zip(self._bodies, sources, strict=True), key=lambda pair: pair[0].part.start)
        parts, quoted, kinds, room, at = [b""], [], [], mime.MAX_LINE, self._start
        for body, source in bodies:
            parts[-1] += self._raw[at : body.part.body]
            segments, own = _segments(body, source, self._placeholder)
            kinds += own
            encoded, least = cut_body(segments, body.part.encoding)
            parts[-1] += encoded[0]
            parts += encoded[1:]
            quoted += [body.part.encoding == "quoted-printable"] * (len(encoded) - 1)
            room = min(room, least)
            at = body.part.end
        parts[-1] += self._raw[at:]
        cut = Cut(parts[0], tuple(parts[1:]), tuple(quoted), tuple(kinds), room)
        self._cuts[opens, clicks] = cut
        return cut


def _segments(body: mime.Body, source: str, placeholder: str) -> tuple[list[bytes], list[Action | None]]:
    (first, *others), kinds = split_at_slots(source, placeholder)
    return [body.text.prefix + body.text.encode(first), *(body.text.encode(one) for one in others)], kinds


def compile_mail(
    mail: bytes | Email[str, str],
    compile_bodies: CompileBodies,
    *,
    strip_signatures: bool = False,
    shared: bool = False,
    levels: _Levels,
    sign: Callable[[Message], str],
    most: Level = Level.FULL,
    leave: Leaving | None = None,
) -> MailTemplate:
    """Compile a mail for a campaign.

    Line ends become CRLF, as SMTP wants them. A base64 body becomes quoted-printable, and so does one whose lines would
    be too long with a token in them; a body in UTF-16 becomes UTF-8.

    Args:
        mail: The mail as bytes, or an email object.
        compile_bodies: Compiles an HTML and a text body. A mail with several of a kind calls it once for each pair, and
            link numbers run on.
        strip_signatures: Leave out DKIM and ARC fields, which would no longer hold.
        shared: Let several people get each mail; its token is then the campaign's alone.
        levels: Gives how much may be known of a message's opens and clicks.
        sign: Gives a message's token.
        most: The highest level that any message of the host's may have.
        leave: Gives the header fields by which a message's recipient can leave, and the links that ``{{ leave_url }}`` and
            ``{{ stop_url }}`` in a body stand for; ``None`` for none.

    Raises:
        ConfigError: If it is neither bytes nor an email object.
        SignedMail: If a change would break a signature or encryption.
        RewriteError: For several recipients, or a mail beyond what can be rewritten safely.
    """
    if not isinstance(mail, bytes):
        check_email(mail)
    raw = mail if isinstance(mail, bytes) else mail.as_bytes()
    mime.read_parts(raw)  # refuses what other line ends would hide
    opened = _whole(open_mail(_LINE_END.sub(b"\r\n", raw), strip_signatures=strip_signatures, shared=shared))
    pages = [body for body in opened.bodies if body.is_html]
    htmls = [body.text.text for body in pages]
    texts = [body.text.text for body in opened.bodies if not body.is_html]
    compiled: list[Slots] = []
    number, with_pixel = 1, places_of_pixels(opened.root, pages)
    for index in range(max(len(htmls), len(texts))):
        html, text = (found[index] if index < len(found) else "" for found in (htmls, texts))
        one = compile_bodies(html, text, first_number=number, pixel=index in with_pixel)
        number += len(one.links)
        compiled.append(one)

    def sources(placeholder: str, opens: Level, clicks: Level) -> list[str]:
        """Return the bodies' texts, HTML first."""
        made = [
            *(one.source(placeholder, opens=opens, clicks=clicks) for one in compiled[: len(htmls)]),
            *(one.source_text(placeholder, opens=opens, clicks=clicks) for one in compiled[: len(texts)]),
        ]
        return [with_leave_links(one, placeholder, leave.head) for one in made] if leave else made

    placeholder = placeholder_for([*htmls, *texts])
    ready = _ready(opened, sources(placeholder, most, most), placeholder)
    return MailTemplate(ready, compiled, sources, levels=levels, sign=sign, shared=shared, leave=leave)


def _whole(opened: Opened) -> Opened:
    """Leave the bodies out whose text alone does not tell their bytes: a compiled mail is encoded anew."""
    broken = [body for body in opened.bodies if not body.text.is_whole]
    kept = tuple(body for body in opened.bodies if body.text.is_whole)
    return replace(opened, bodies=kept, warnings=(*opened.warnings, *(lossy(body.part) for body in broken)))


def _ready(opened: Opened, sources: Sequence[str], placeholder: str) -> Opened:
    """Bring a mail's bodies into encodings that slots can be cut in; their texts stay the same."""
    changes: list[mime.Change] = [(field.start, field.end, b"") for field in opened.signatures]
    for body, source in zip(opened.bodies, sources, strict=True):
        changes += body.recoded(opened.raw, *_wanted(body, source, placeholder))
    if not changes:
        return opened
    again = open_mail(mime.apply(opened.raw, sorted(changes)), strip_signatures=True, shared=True)
    if [body.text.text for body in again.bodies] != [body.text.text for body in opened.bodies]:
        raise RewriteError("a body does not read the same in another encoding, so nothing was changed")
    return Opened(raw=again.raw, root=again.root, bodies=again.bodies, signatures=(), warnings=opened.warnings)


def _wanted(body: mime.Body, source: str, placeholder: str) -> tuple[str, str]:
    """Return the charset and the transfer encoding to change to; empty to keep what there is."""
    charset = encoding = ""
    try:
        segments, _ = _segments(body, source, placeholder)
    except UnicodeEncodeError:
        charset = "utf-8"
    if charset or not body.text.is_ascii_based:
        charset = "utf-8"
        segments = [one.encode() for one in split_at_slots(source, placeholder)[0]]
    plain = body.part.encoding in mime.PLAIN
    is_seven = plain and body.part.encoding not in ("8bit", "binary")
    if body.part.encoding == "base64" or (charset and is_seven) or (plain and needs_quoting(segments)):
        encoding = "quoted-printable"
    return charset, encoding
