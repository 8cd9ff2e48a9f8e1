"""What a beacon needs for what comes back: the parts that decode, observe and redact, made of one host's settings.

Answers no request.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from mailbeacon.decoding import Decoder
from mailbeacon.model import Event
from mailbeacon.observing import Observer
from mailbeacon.privacy import forget, redact, redactor
from mailbeacon.settings import Settings
from mailbeacon.tokens import TokenSigner

__all__ = ["make_decoder", "make_last_redactor", "make_observer", "make_redactor", "make_signer"]


def make_signer(settings: Settings) -> TokenSigner:
    """Return what signs and reads tokens."""
    return TokenSigner(
        settings.keys, settings.namespace, allow_addresses=settings.allow_addresses, encrypt=settings.encrypt
    )


def make_decoder(settings: Settings, signer: TokenSigner) -> Decoder:
    """Return what reads the events of requests."""
    return Decoder(signer, manifests=settings.manifests, max_age=settings.max_age, clock_skew=settings.clock_skew)


def make_observer(settings: Settings) -> Observer:
    """Return what turns requests into facts."""
    return Observer(settings.networks, secret=_secret(settings, "facts"), geo=settings.geo, agents=settings.agents)


def make_redactor(settings: Settings) -> Callable[[Event], Event]:
    """Return what takes from an event what is not kept."""
    return redactor(
        address=settings.keep_address,
        user_agent=settings.keep_user_agent,
        headers=settings.keep_headers,
        url=settings.keep_url,
        secret=_secret(settings, "privacy"),
    )


def make_last_redactor(settings: Settings, redactor: Callable[[Event], Event]) -> Callable[[Event], Event]:
    """Return the same for a request's event: a host's judge or history may hold on to what it saw, so these get a copy."""
    is_seen = settings.judge is not None or settings.history is not None
    return forget if redactor is redact and not is_seen else redactor


def _secret(settings: Settings, purpose: str) -> bytes | Callable[[date], bytes]:
    """Return the key of the pseudonyms for a purpose, or what gives that of a day."""
    keys = settings.digest_keys
    if callable(keys):
        return keys
    return TokenSigner(keys or settings.keys, settings.namespace).derive(purpose)
