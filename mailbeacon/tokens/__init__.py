"""Tokens: what a tracking URL says, signed so that nobody else can say it.

``signing`` holds the keys and the one HMAC, ``payloads`` what a token says, ``signer`` puts them together.
"""

from mailbeacon.tokens.signer import Hit, TokenSigner
from mailbeacon.tokens.signing import MAX_TOKEN_LENGTH

__all__ = ["MAX_TOKEN_LENGTH", "Hit", "TokenSigner"]
