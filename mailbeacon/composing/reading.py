"""Open a mail that is to be changed: refuse what must not be, find its bodies.

Changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from mailbeacon import mime
from mailbeacon.composing.shapes import LinkReport
from mailbeacon.errors import ConfigError, RewriteError, SignedMail
from mailbeacon.model import SkipReason, Warned, WarningKind
from mailbeacon.rewriting.rules import says_unsubscribe

__all__ = ["Opened", "check_email", "check_recipients", "lossy", "open_mail", "unleavable"]

_SOFTLY_BROKEN = re.compile(r"(?<!\S)(\S++) \r?\n(?=\S)")
_PGP = ("-----BEGIN PGP SIGNED MESSAGE-----", "-----BEGIN PGP MESSAGE-----")


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A mail that may be changed.

    Attributes:
        raw: The mail.
        root: Its parts.
        bodies: The bodies that can be read, HTML first, else in the order of the mail.
        signatures: The header fields to leave out.
        warnings: Which bodies cannot be read, or not in full, and whether there is none.
    """

    raw: bytes
    root: mime.Part
    bodies: tuple[mime.Body, ...]
    signatures: tuple[mime.Field, ...]
    warnings: tuple[Warned, ...]


def open_mail(raw: bytes, *, strip_signatures: bool, shared: bool) -> Opened:
    """Read a mail.

    Raises:
        SignedMail: If it is signed or encrypted; for a DKIM or ARC signature unless ``strip_signatures``.
        RewriteError: If it has several recipients and is not ``shared``, or too many parts, or is HTML without a mail.
    """
    root = mime.read_parts(raw)
    if not root.fields and raw.lstrip().startswith(b"<"):
        raise RewriteError("HTML without a mail's header: rewrite and compile take that, as text")
    if sealed := mime.seal(root):
        raise SignedMail(f"the mail holds {sealed}: any change would break its signature or encryption")
    signatures = mime.signature_fields(root)
    if signatures and not strip_signatures:
        raise SignedMail(
            f"the mail carries {signatures[0].name}: rewrite before signing",
            advice="pass strip_signatures=True to leave such fields out",
            option="strip_signatures",
        )
    if not shared:
        check_recipients(mime.count_recipients(raw, root))
    bodies: list[mime.Body] = []
    warnings = [_amp() for part in mime.walk(root) if part.content_type == "text/x-amp-html"][:1]
    for part in mime.find_bodies(raw, root):
        body = mime.open_body(raw, part)
        if body is None:
            warnings.append(_unreadable(raw, part))
        elif any(mark in body.text.text for mark in _PGP):
            raise SignedMail("a text body is signed or encrypted with PGP: any change would break it")
        elif _breaks_urls(part, body.text.text):
            warnings.append(_broken(part))
        elif body.text.text.strip():
            bodies.append(body)
            warnings += [] if body.text.errors == "strict" else [_stray(part)]
    if not bodies:
        warnings.append(Warned(kind=WarningKind.NO_BODY, detail="the mail has no HTML or text body that can be read"))
    bodies.sort(key=lambda body: not body.is_html)
    return Opened(raw=raw, root=root, bodies=tuple(bodies), signatures=signatures, warnings=tuple(warnings))


def _breaks_urls(part: mime.Part, text: str) -> bool:
    """Check whether an address in a text goes on in the next line, where its reader's client joins the two.

    Source: RFC 3676 (2004), section 4: with DelSp=yes the space before a soft line break is no part of the text.
    """
    flowed = part.parameters.get("format", "").lower() == "flowed"
    if not flowed or part.parameters.get("delsp", "").lower() != "yes":
        return False
    return any("://" in found[1] for found in _SOFTLY_BROKEN.finditer(text))


def check_recipients(count: int) -> None:
    """Refuse a mail that several people get, for its token would name one of them.

    Raises:
        RewriteError: If there are several.
    """
    if count > 1:
        raise RewriteError(
            f"the mail goes to {count} addresses: make one mail for each",
            advice="pass shared=True to count them together",
            option="shared",
        )


def check_email(mail: object) -> None:
    """Raise unless a value is an email object.

    Raises:
        ConfigError: If it is none: bytes, a text, or HTML that is no mail yet.
    """
    if not callable(getattr(mail, "as_bytes", None)):
        raise ConfigError(
            f"an email.message object is needed, got {type(mail).__name__}: "
            "compose_bytes and compile_mail take a mail's bytes, rewrite and compile take HTML"
        )


def unleavable(bodies: Sequence[LinkReport]) -> list[Warned]:
    """Return a warning where no body of a mail has a link by which its reader can see how to leave.

    Source: Google, Email sender guidelines FAQ (2026): a button beside the mail does not stand for a visible link.
    """
    for body in bodies:
        urls = [*(one.url.lower() for one in body.links), *(one.url.lower() for one in body.skipped)]
        ours = [one.url for one in body.skipped if one.reason is SkipReason.OURS]
        reasons = {one.reason for one in body.skipped}
        if SkipReason.UNSUBSCRIBE in reasons or any("/u/" in url for url in ours) or any(map(says_unsubscribe, urls)):
            return []
    detail = "no link says that it unsubscribes: mailbox providers ask for a visible one in the mail itself"
    return [Warned(kind=WarningKind.NO_LEAVE, detail=detail)]


def _amp() -> Warned:
    return Warned(kind=WarningKind.AMP, detail="the AMP part is left as it is: opens and clicks there are not seen")


def _unreadable(raw: bytes, part: mime.Part) -> Warned:
    detail = f"a {part.content_type} body is left as it is: {mime.why_unreadable(raw, part)}"
    return Warned(kind=WarningKind.UNREADABLE, detail=detail)


def _broken(part: mime.Part) -> Warned:
    detail = f"a {part.content_type} body is left as it is: format=flowed with DelSp=yes breaks a URL over two lines"
    return Warned(kind=WarningKind.UNREADABLE, detail=detail)


def _stray(part: mime.Part) -> Warned:
    what = f"a {part.content_type} body holds bytes that its charset {_charset(part)} does not know"
    return Warned(kind=WarningKind.UNREADABLE, detail=f"{what}: they stay, and readers see other signs there")


def lossy(part: mime.Part) -> Warned:
    """Return the warning about a body that can be changed in its own bytes only, and not be encoded anew."""
    what = (
        f"a {part.content_type} body is left as it is: it holds bytes that its charset {_charset(part)} does not know"
    )
    return Warned(kind=WarningKind.UNREADABLE, detail=f"{what}, and a compiled mail is encoded anew")


def _charset(part: mime.Part) -> str:
    return ascii(part.parameters.get("charset", "us-ascii"))[:80]
