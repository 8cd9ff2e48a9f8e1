"""Who may post: signatures, passwords, several of each so that they can be changed, and what each provider needs."""

from __future__ import annotations

from collections.abc import Iterable

from mailbeacon.errors import ConfigError, ForgedWebhook, WebhookError
from mailbeacon.webhooks.reading import Post, Provider, Verify
from mailbeacon.webhooks.signatures import has_password

__all__ = ["Gate", "Key"]

Key = object
"""Text or bytes; for ``ses`` and ``scaleway`` an ``Sns``, for ``postal`` perhaps a ``PostalKey``; or a list of them."""


def _several(value: object) -> list[object]:
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple | set | frozenset) else [value]


class Gate:
    """A check that only the provider's own posts pass.

    Args:
        provider: Whose.
        keys: Any one of them must have signed.
        passwords: Any one of them must be there; if there are keys too, both must hold.
        unsigned: The host says that nothing is checked here.
        hook: The webhook's URL as the provider knows it.

    Raises:
        ConfigError: If nothing would be checked and the host did not say so.
    """

    def __init__(self, provider: Provider, keys: Key, passwords: object, *, unsigned: bool, hook: str) -> None:
        found, self._passwords = _several(keys), _checked(_several(passwords))
        if found and provider.verifier is None:
            raise ConfigError(f"{provider.name} signs nothing, so key= proves nothing: give password=")
        self._checks = [provider.verifier(key) for key in found] if provider.verifier is not None else []
        if provider.signs_url and found and not hook:
            raise ConfigError(
                f"{provider.name} signs the URL of the webhook: give it as url=, as it stands in the console"
            )
        if unsigned is not True and not found and not self._passwords:
            what = "password=" if provider.verifier is None else "key= or password="
            raise ConfigError(f"anybody could post events: give {what}, or unsigned=True if that is checked before")
        if unsigned is True and (found or self._passwords):
            raise ConfigError("unsigned=True contradicts key= and password=")
        self._provider = provider

    def check(self, post: Post) -> None:
        """Raise unless a post is the provider's own.

        Raises:
            ForgedWebhook: If it is not the provider's.
            WebhookError: If that cannot be told now, so that it must come again.
        """
        header, in_query = self._provider.token_header, self._provider.password_in_query
        if self._passwords and not any(has_password(post, one, header, in_query) for one in self._passwords):
            raise ForgedWebhook("the password is missing or wrong", status=401)
        if self._checks and not any(self._holds(check, post) for check in self._checks):
            raise ForgedWebhook("not signed with any of the keys, or altered since")

    @staticmethod
    def _holds(check: Verify, post: Post) -> bool:
        try:
            return check(post)
        except WebhookError as error:
            if error.status != 200:
                raise
            return False  # the signature stands in the body, and the body cannot be read


def _checked(passwords: Iterable[object]) -> list[str]:
    found = [one.decode("utf-8", "replace") if isinstance(one, bytes) else one for one in passwords]
    texts = [one for one in found if isinstance(one, str) and one]
    if len(texts) != len(found):
        raise ConfigError("password must be text that is not empty, or a list of such")
    return texts
