"""Names that say nothing: a keyed one in place of the host's id, so that forgetting the key forgets the people.

Without the key nobody can tell whose a name is, or try ids out. With it, everybody who has an id can: it is a pseudonym and
personal data still (Regulation (EU) 2016/679, article 4(5)), not anonymous.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from hashlib import blake2b

from mailbeacon.errors import ConfigError
from mailbeacon.settings import check_keys

__all__ = ["Pseudonymizer"]

_BYTES = 15
"""A name is 20 characters of base64url; of a thousand million ids two get the same with a probability below 10**-18."""


class Pseudonymizer:
    """Turn a host's ids into names for messages.

    The same id gives the same name, so that events of one person belong together. Keep the key apart from the events, and
    make a new one as often as people are to be forgotten.

    Args:
        key: At least 16 bytes, and not one of the signing keys.

    Raises:
        ConfigError: If the key is too short or too simple.

    Example:
        >>> name = Pseudonymizer(b"an example key of 27 bytes!")
        >>> name("u-17") == name("u-17") != name("u-18")
        True
    """

    __slots__ = ("_keyed",)

    def __init__(self, key: bytes | str) -> None:
        found = check_keys([key], "key")[0]
        short = found if len(found) <= blake2b.MAX_KEY_SIZE else blake2b(found).digest()
        self._keyed = blake2b(key=short, digest_size=_BYTES, person=b"mb-recipient")

    def __call__(self, recipient: str) -> str:
        """Return the name of an id.

        Raises:
            ConfigError: If it is no text, or empty.
        """
        if not isinstance(recipient, str) or not recipient:
            raise ConfigError("recipient must be a text, and not empty")
        made = self._keyed.copy()
        made.update(recipient.encode("utf-8", "surrogatepass"))
        return urlsafe_b64encode(made.digest()).decode("ascii")

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"
