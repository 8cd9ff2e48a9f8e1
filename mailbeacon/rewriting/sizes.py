"""How large a mail's HTML may grow."""

from __future__ import annotations

__all__ = ["CLIP_BYTES", "TOP_BYTES", "utf8_length"]

CLIP_BYTES = 102 * 1024
"""Gmail cuts the HTML here, in bytes of UTF-8. Source: mautic#13522 and senders' reports since 2013; not documented by Google."""
TOP_BYTES = 100 * 1024
"""From here on an automatic pixel goes to the top."""


def utf8_length(text: str) -> int:
    """Return a text's size in bytes of UTF-8; a lone surrogate counts three."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))
