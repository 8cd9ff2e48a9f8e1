"""Rewrite a whole mail for one recipient: bytes in, bytes out; or an email object in, a copy out.

Everything outside the rewritten bodies keeps its bytes. What a body becomes, the caller's functions say.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from mailbeacon import mime
from mailbeacon.composing.oneline import insert, put
from mailbeacon.composing.pixels import Pixels
from mailbeacon.composing.reading import check_email, open_mail, unleavable
from mailbeacon.composing.shapes import Composed, RewriteBodies, Rewritten
from mailbeacon.errors import RewriteError
from mailbeacon.model import SkipReason, Warned, WarningKind

if TYPE_CHECKING:
    from email.message import Message as Email

__all__ = ["AnyEmail", "compose", "compose_bytes"]

AnyEmail = TypeVar("AnyEmail", bound="Email[str, str]")


def compose_bytes(
    raw: bytes,
    rewriter: RewriteBodies,
    *,
    strip_signatures: bool = False,
    shared: bool = False,
    labels: bool = False,
    fields: Mapping[str, str] | None = None,
) -> Composed:
    """Rewrite the bodies of a mail and keep every other byte.

    Args:
        raw: The mail.
        rewriter: Rewrites the bodies. They come HTML first, and link numbers run on.
        strip_signatures: Leave out DKIM and ARC fields, which would no longer hold.
        shared: Let several people get the mail; the functions must then make an aggregate token.
        labels: Let html5lib find what a reader sees of each link.
        fields: Header fields to set, each on one line; those of a mailing list, so that a way to leave must be seen too.

    Raises:
        SignedMail: If a change would break a signature or encryption.
        RewriteError: For several recipients, or a mail beyond what can be rewritten safely.
    """
    opened = open_mail(raw, strip_signatures=strip_signatures, shared=shared)
    done: list[Rewritten] = []
    left: list[Warned] = []
    changes: list[mime.Change] = [(field.start, field.end, b"") for field in opened.signatures]
    changes += insert(raw, opened.root, fields or {})
    number, pixels = 1, Pixels(opened.root)
    bound: dict[str, SkipReason] = {}
    for body in opened.bodies:
        has_pixel = body.is_html and pixels.due(body.part)
        if body.is_html:
            one = rewriter.html(body.text.text, first_number=number, pixel=has_pixel, bound=bound)
        else:
            one = rewriter.text(body.text.text, first_number=number, bound=bound)
        bound |= one.bound
        try:
            changes += body.changes(raw, [(edit.start, edit.end, edit.new) for edit in one.edits])
        except RewriteError as error:
            left.append(Warned(kind=WarningKind.UNREADABLE, detail=f"left as it is: {error}"))
            continue
        number += len(one.links)
        if has_pixel:
            pixels.put(body.part)
        done.append(one)
    data = mime.apply(raw, sorted(changes))
    _check_parts(data, opened.root)
    if fields:
        left += unleavable(done)
    reported = [one.labelled() if labels else (one.links, one.skipped) for one in done]
    return Composed(
        data=data,
        bodies=sum(bool(one.edits) for one in done),
        links=tuple(link for links, _ in reported for link in links),
        skipped=tuple(link for _, skipped in reported for link in skipped),
        warnings=(*opened.warnings, *left, *(warned for one in done for warned in one.warnings)),
    )


def _check_parts(data: bytes, root: mime.Part) -> None:
    if [part.content_type for part in mime.walk(mime.read_parts(data))] != [
        part.content_type for part in mime.walk(root)
    ]:
        raise RewriteError("the mail would have other parts than before, so nothing was changed")


def compose(
    email: AnyEmail,
    rewriter: RewriteBodies,
    *,
    strip_signatures: bool = False,
    shared: bool = False,
    labels: bool = False,
    fields: Mapping[str, str] | None = None,
) -> Composed:
    """Return a rewritten copy of an email object, and what was done.

    Args:
        email: An ``email.message.EmailMessage`` or legacy ``Message``, or a subclass; never touched.
        rewriter: As for :func:`compose_bytes`.
        strip_signatures: As for :func:`compose_bytes`.
        shared: As for :func:`compose_bytes`.
        labels: As for :func:`compose_bytes`.
        fields: As for :func:`compose_bytes`.

    Raises:
        ConfigError: If it is none.
        SignedMail: As for :func:`compose_bytes`.
        RewriteError: As for :func:`compose_bytes`.
    """
    check_email(email)
    copy: AnyEmail = deepcopy(email)
    raw = copy.as_bytes()
    done = compose_bytes(raw, rewriter, strip_signatures=strip_signatures, shared=shared, labels=labels, fields=fields)
    put(copy, fields or {})
    old, new = mime.read_parts(raw), mime.read_parts(done.data)
    for field in mime.signature_fields(old):
        del copy[field.name]
    bodies = {id(part) for part in mime.find_bodies(done.data, new)}
    waiting: list[tuple[Email[str, str], mime.Part, mime.Part]] = [(copy, old, new)]
    while waiting:
        node, before, after = waiting.pop()
        if id(after) in bodies:
            _put_body(node, raw, before, done.data, after)
        elif after.parts:
            children = node.get_payload()
            waiting.extend(zip(children, before.parts, after.parts, strict=True))  # type: ignore[arg-type]
    return replace(done, email=copy)


def _put_body(node: Email[str, str], raw: bytes, before: mime.Part, data: bytes, after: mime.Part) -> None:
    """Put the encoded body into a part of the copy, and say in its header what changed."""
    body = data[after.body : after.end]
    if body == raw[before.body : before.end]:
        return
    node.set_payload(body.decode("ascii", "surrogateescape"))
    if after.parameters.get("charset") != before.parameters.get("charset"):
        node.set_param("charset", after.parameters["charset"])
    if after.encoding != before.encoding:
        del node["Content-Transfer-Encoding"]
        node["Content-Transfer-Encoding"] = after.encoding
