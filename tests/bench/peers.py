"""What speed is measured against: the peers doing the same work, each in the way its own documentation shows."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress

import lolhtml
import lxml.html
import pytracking
import pytracking.html
from itsdangerous import URLSafeSerializer

__all__ = ["NAMES", "decoders", "made_up", "tokens", "with_lolhtml", "with_lxml", "with_pytracking"]

NAMES = ("pytracking", "lxml", "python-lolhtml", "itsdangerous", "cryptography", "PyJWT")
BASE = "https://t.example.com/m"
METADATA = {"r": "u-17", "c": "spring"}
PYTRACKING = pytracking.Configuration(
    base_open_tracking_url="https://t.example.com/o/", base_click_tracking_url="https://t.example.com/c/"
)


def with_pytracking(html: str) -> str:
    """Rewrite a document, links and pixel, unsigned as is its default."""
    return pytracking.html.adapt_html(
        html, extra_metadata=METADATA, click_tracking=True, open_tracking=True, configuration=PYTRACKING
    )


def with_lxml(html: str) -> str:
    """Rewrite a document's links, unsigned, no pixel."""
    return lxml.html.rewrite_links(html, lambda url: f"{BASE}/c/{url}" if url.startswith("http") else url)


class _Wrapper:
    def element(self, element: lolhtml.Element) -> None:
        url = element.get_attribute("href")
        if url and url.startswith("http"):
            element.set_attribute("href", f"{BASE}/c/{url}")


def with_lolhtml(html: str) -> bytes:
    """Rewrite a document's links, unsigned, no pixel."""
    parts: list[bytes] = []
    rewriter = lolhtml.HTMLRewriter(parts.append)
    rewriter.on("a[href]", _Wrapper())
    rewriter.write(html.encode())
    rewriter.end()
    return b"".join(parts)


def decoders(clicked: str = "") -> dict[str, Callable[[], object]]:
    """Return pytracking's reading of an open's URL alone, or of a click's.

    By default it verifies nothing, so that is not the same work; with a key it is Fernet's, and only then it verifies.

    Args:
        clicked: The destination of the click; empty for an open.
    """

    def reading(configuration: pytracking.Configuration) -> Callable[[], object]:
        if clicked:
            url = pytracking.get_click_tracking_url(clicked, metadata=METADATA, configuration=configuration)
            path = configuration.get_click_tracking_url_path(url)
            return lambda: pytracking.get_click_tracking_result(path, configuration=configuration)
        url = pytracking.get_open_tracking_url(metadata=METADATA, configuration=configuration)
        path = configuration.get_open_tracking_url_path(url)
        return lambda: pytracking.get_open_tracking_result(path, configuration=configuration)

    found = {"pytracking decode, unsigned": reading(PYTRACKING)}
    with suppress(ImportError):
        from cryptography.fernet import Fernet

        bases = {
            "base_open_tracking_url": PYTRACKING.base_open_tracking_url,
            "base_click_tracking_url": PYTRACKING.base_click_tracking_url,
        }
        sealed = pytracking.Configuration(**bases, encryption_bytestring_key=Fernet.generate_key())
        found["pytracking decode, Fernet"] = reading(sealed)
    return found


def tokens(key: bytes, seconds: int) -> dict[str, Callable[[], object]]:
    """Return what signs and verifies a campaign, a recipient and a time: all that is installed."""
    values = ["spring", "u-17", seconds]
    serializer = URLSafeSerializer(key)
    works: dict[str, Callable[[], object]] = {"URLSafeSerializer": lambda: serializer.loads(serializer.dumps(values))}
    with suppress(ImportError):
        from cryptography.fernet import Fernet

        fernet = Fernet(Fernet.generate_key())
        works["Fernet"] = lambda: json.loads(fernet.decrypt(fernet.encrypt(json.dumps(values).encode())))
    with suppress(ImportError):
        import jwt

        claims = dict(zip("crt", values, strict=True))
        works["PyJWT"] = lambda: jwt.decode(jwt.encode(claims, key * 2, "HS256"), key * 2, ["HS256"])
    return works


def made_up(links: int) -> str:
    """Return a newsletter of nested tables, about 600 characters to a link."""
    cell = '<table width="600" cellpadding="0" cellspacing="0" style="border-collapse:collapse">'
    style = "font-family:Helvetica,Arial,sans-serif;font-size:16px;line-height:24px;color:#202020;padding:12px 24px"
    story = "A few words on what is new this week, and what to do with it in the garden. " * 3
    blocks = [
        f'{cell}<tr><td style="{style}">{story}<a href="https://shop.example/item/{number}?a=1&amp;b=2" style="{style}">'
        f"Read more of story {number}</a></td></tr></table>\n"
        for number in range(links)
    ]
    return f"<!doctype html>\n<html><head><title>News</title></head><body>\n{''.join(blocks)}</body></html>\n"
