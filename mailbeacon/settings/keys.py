"""Secret keys: which can work, how they stand in a file or a variable, and that nothing shows or pickles them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NoReturn, SupportsIndex

from mailbeacon.errors import ConfigError

__all__ = ["MIN_KEY_BYTES", "Keys", "check_keys", "split_keys"]

MIN_KEY_BYTES = 16
"""The least length of a secret key."""
_LEAST_DIFFERENT = 8
"""The least number of different bytes in a key; 16 random hexadecimal digits have ten, 16 random bytes fifteen or sixteen."""
_ADVICE = "make one with: mailbeacon keys new"


class Keys(tuple[bytes, ...]):
    """Secret keys, the newest last: a tuple that shows how many there are, and that is not pickled."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"<{len(self)} secret {'key' if len(self) == 1 else 'keys'}>"

    def __reduce_ex__(self, protocol: SupportsIndex) -> NoReturn:
        raise ConfigError(
            "secret keys are not pickled: make the beacon again in each process, such as by Beacon.from_env()"
        )


def check_keys(keys: Iterable[bytes | str], name: str = "secret_keys") -> Keys:
    """Return keys as bytes, the newest last.

    Args:
        keys: As the host gives them.
        name: The setting's, for errors.

    Raises:
        ConfigError: If there are none, or one is no key, shorter than 16 bytes, or made of few different bytes.
    """
    if isinstance(keys, Keys):
        return keys
    if isinstance(keys, bytes | bytearray | str):
        raise ConfigError(f"{name} must be a list of keys, the newest last, got a single one")
    try:
        found = Keys(key.encode() if isinstance(key, str) else key for key in keys)
    except (TypeError, UnicodeEncodeError) as error:
        raise ConfigError(f"{name} must be a list of bytes or of plain text") from error
    if not found:
        raise ConfigError(f"{name} must hold at least one key: {_ADVICE}")
    for key in found:
        if not isinstance(key, bytes):
            raise ConfigError(f"a key of {name} must be bytes or str, got {type(key).__name__}")
        if len(key) < MIN_KEY_BYTES:
            raise ConfigError(f"a key of {name} must have at least {MIN_KEY_BYTES} bytes, got {len(key)}: {_ADVICE}")
        if len({*key}) < _LEAST_DIFFERENT:
            raise ConfigError(f"a key of {name} has only {len({*key})} different bytes and can be guessed: {_ADVICE}")
    return found


def split_keys(text: str) -> list[str]:
    """Return the keys that stand in a text with white space or commas between, the newest last."""
    return text.replace(",", " ").split()
