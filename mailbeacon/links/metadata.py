"""A message token as a provider's metadata carries it, and back out of what the provider reports."""

from __future__ import annotations

__all__ = ["SIGNATURE_LENGTH", "carried", "token_in"]

_CARRIED = "mailbeacon"
SIGNATURE_LENGTH = 22
"""The characters of a signature in a token: 16 bytes in base64url."""


def carried(token: str, longest: int = 0) -> dict[str, str]:
    """Return a message token as metadata for a provider: without its dot, for some let only letters, digits, ``_`` and ``-`` pass.

    Args:
        token: A message token.
        longest: Characters of one value; a longer one goes on in ``mailbeacon_2`` and so on. 0 for any number.
    """
    text = token.replace(".", "")
    pieces = [text[at : at + longest] for at in range(0, len(text), longest)] if longest > 0 else [text]
    return {_CARRIED if not number else f"{_CARRIED}_{number + 1}": piece for number, piece in enumerate(pieces)}


def token_in(text: str) -> str:
    """Return the token that :func:`carried` wrote, in one piece: a sealed one has no dot, a signed one before its signature."""
    return text if text[:1] != "a" or "." in text else f"{text[:-SIGNATURE_LENGTH]}.{text[-SIGNATURE_LENGTH:]}"
