"""The replies themselves: the pixel, the redirect and the plain pages, with their headers.

Holds nothing of a request but its method, so that no page can show a token, an address or a recipient.
"""

from __future__ import annotations

from collections.abc import Sequence

from mailbeacon.markup import escape_attribute
from mailbeacon.model import Reply, Request

__all__ = ["PIXEL", "READING", "form_page", "page", "pixel", "redirect"]

PIXEL = (
    b"GIF89a\x01\x00\x01\x00\x80\x00\x00\xff\xff\xff\x00\x00\x00"
    b"\x21\xf9\x04\x01\x00\x00\x00\x00"
    b"\x2c\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02\x44\x01\x00\x3b"
)
"""One transparent pixel in 43 bytes: header and palette, transparency, image. Source: GIF89a specification (1990)."""

READING = ("GET", "HEAD")
"""The methods that are answered; HEAD as GET without the body."""

_NOSNIFF = ("X-Content-Type-Options", "nosniff")
_PRIVATE = (("Cache-Control", "no-store"), ("Referrer-Policy", "no-referrer"), ("X-Robots-Tag", "noindex"))
_PIXEL_HEADERS = (
    ("Content-Type", "image/gif"),
    ("Content-Length", str(len(PIXEL))),
    ("Cache-Control", "no-store, no-cache, max-age=0, must-revalidate, private"),
    _NOSNIFF,
    ("Cross-Origin-Resource-Policy", "cross-origin"),
)
_REDIRECT_HEADERS = (("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", "0"), *_PRIVATE, _NOSNIFF)
_PAGE_HEADERS = (
    ("Content-Type", "text/html; charset=utf-8"),
    *_PRIVATE,
    _NOSNIFF,
    (
        "Content-Security-Policy",
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'",
    ),
)
_PAGE = """<!doctype html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<meta name="color-scheme" content="light dark">
<style>
:root {{ color-scheme: light dark }}
body {{ font: 1.1em/1.5 system-ui, sans-serif; max-width: 32em; margin: 4em auto; padding: 0 1em; overflow-wrap: anywhere }}
button {{ font: inherit; font-weight: 600; min-height: 2.6em; max-width: 100%; padding: .4em 1.2em; border: 2px solid #1558b0;
  border-radius: .4em; background: #1558b0; color: #fff; cursor: pointer }}
button:focus-visible {{ outline: 3px solid currentcolor; outline: 3px solid CanvasText; outline-offset: 3px }}
@media (max-width: 30em) {{ body {{ margin: 1.5em auto }} button {{ width: 100% }} }}
</style>
</head>
<body>
<main>
<h1>{title}</h1>
<p>{text}</p>{form}
</main>
</body>
</html>
"""
_PAGES = {
    404: ("Not found", "This link is not complete, or it is not one of ours. Please open it from the mail again."),
    405: ("Not possible", "This address can only be opened, not written to."),
    410: ("No longer available", "The sender has taken down the page behind this link."),
    503: ("Not available now", "This link cannot be opened at the moment. Please try again later."),
}


def pixel(request: Request) -> Reply:
    """Return the reply to an open: always the image, for a mail provider may keep an error for a month."""
    return Reply(status=200, headers=[*_PIXEL_HEADERS], body=b"" if request.method == "HEAD" else PIXEL)


def redirect(target: str) -> Reply:
    """Return the reply that sends the reader on, to a destination in ASCII form."""
    return Reply(status=302, headers=[("Location", target), *_REDIRECT_HEADERS])


def page(status: int, request: Request, *, allow: Sequence[str] = READING) -> Reply:
    """Return the plain page of a status: 404, 405 (with the methods that are allowed), 410 or 503."""
    title, text = _PAGES[status]
    reply = form_page(request, title=title, text=text, status=status)
    if status == 405:
        reply.headers.append(("Allow", ", ".join(allow)))
    return reply


def form_page(
    request: Request, *, title: str, text: str, button: str = "", language: str = "en", status: int = 200
) -> Reply:
    """Return a page of a heading and a paragraph, and below it a button that sends the page's own address by POST.

    Args:
        request: Its HEAD is answered without the body.
        title: Plain text, as all of these; it is escaped.
        text: The paragraph.
        button: The words on the button; empty for none.
        language: The language of all these, for those who hear the page.
        status: The reply's.
    """
    words = {
        name: escape_attribute(value) for name, value in (("title", title), ("text", text), ("language", language))
    }
    form = f'\n<form method="post"><button type="submit">{escape_attribute(button)}</button></form>' if button else ""
    body = _PAGE.format(**words, form=form).encode()
    headers = [*_PAGE_HEADERS, ("Content-Length", str(len(body)))]
    return Reply(status=status, headers=headers, body=b"" if request.method == "HEAD" else body)
