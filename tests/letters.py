"""Mails to compose, and a beacon's functions in the shape that composing takes."""

from __future__ import annotations

from datetime import UTC, datetime
from email.message import EmailMessage

import mailbeacon as mb
from mailbeacon.beacon.outgoing import BodyRewriter
from mailbeacon.composing import Composed, MailTemplate, compile_mail, compose_bytes
from mailbeacon.template import Template
from tests.making import beacon

__all__ = ["BEACON", "MESSAGE", "compiled", "composed", "letter", "rewriter"]

BEACON = beacon()
MESSAGE = mb.Message(recipient="u-17", campaign="spring", sent_at=datetime(2026, 11, 23, 9, tzinfo=UTC))


def composed(raw: bytes, **options: bool) -> Composed:
    """Compose a mail with the usual beacon and message."""
    return compose_bytes(raw, rewriter(), **options)


def rewriter(message: mb.Message = MESSAGE) -> BodyRewriter:
    """Return what the usual beacon rewrites a message's bodies with."""
    return BEACON.outgoing.rewriters(message, shared=False)


def compiled(mail: bytes | EmailMessage, **options: bool) -> tuple[MailTemplate, Template]:
    """Compile a mail; also give the template of its documents."""
    made: list[Template] = []

    def bodies(html: str, text: str, /, *, first_number: int, pixel: bool) -> Template:
        made.append(BEACON.compile(html, text, campaign="spring", verify=False))
        return made[-1]

    template = compile_mail(mail, bodies, levels=BEACON.levels, sign=BEACON.signer.sign_message, **options)
    return template, made[0]


def letter(html: str, text: str = "", *, cte: str | None = None, charset: str = "utf-8") -> EmailMessage:
    """Return a newsletter with HTML, and text where there is any."""
    mail = EmailMessage()
    mail["From"] = "News <news@example.com>"
    mail["To"] = "reader@example.net"
    mail["Subject"] = "The spring letter"
    if text:
        mail.set_content(text, cte=cte, charset=charset)
        mail.add_alternative(html, subtype="html", cte=cte, charset=charset)
    else:
        mail.set_content(html, subtype="html", cte=cte, charset=charset)
    return mail
