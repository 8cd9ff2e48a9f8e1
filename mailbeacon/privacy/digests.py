"""Keys of pseudonyms that nobody can ask for later: a random one for each day, thrown away when the day is over.

Makes no digest (see ``redaction``, and ``observing``).
"""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from datetime import date
from pathlib import Path

from mailbeacon.caches import Cache
from mailbeacon.errors import ConfigError

__all__ = ["DailyKeys"]

_KEY_BYTES = 32
_MOST_DAYS = 64


class DailyKeys:
    """A source of the key of each day, for ``Settings.digest_keys``.

    With it a pseudonym of an address can be compared within a day, and by nobody worked out after it, whatever leaks.

    Args:
        folder: Where the processes of a host share the keys, each a file that only its owner may read; only the newest two
            days' stay. ``None`` keeps them in this process alone, so that two workers give one address two pseudonyms.

    Raises:
        ConfigError: If the folder is not there.
    """

    def __init__(self, folder: str | os.PathLike[str] | None = None) -> None:
        self._folder = None if folder is None else Path(folder)
        if self._folder is not None and not self._folder.is_dir():
            raise ConfigError("the folder of the daily keys is not there: make it, readable for its owner alone")
        self._known: Cache[date, bytes] = Cache(_MOST_DAYS)

    def __call__(self, day: date) -> bytes:
        """Return the key of a day, the same whenever it is asked for while the day is kept."""
        known = self._known.get(day)
        if known is not None:
            return known
        return self._known.put(
            day, secrets.token_bytes(_KEY_BYTES) if self._folder is None else _shared(self._folder, day)
        )


def _shared(folder: Path, day: date) -> bytes:
    """Return a day's key out of a folder; who comes first makes it, and takes older ones away."""
    path = folder / f"{day.isoformat()}.key"
    if not path.exists():
        made = folder / f"{day.isoformat()}.{secrets.token_hex(8)}"
        with os.fdopen(os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(secrets.token_bytes(_KEY_BYTES))
        with suppress(FileExistsError):
            os.link(made, path)  # all at once, so that nobody reads half a key, and only for the first
        made.unlink()
    key = path.read_bytes()
    for old in sorted(folder.glob("????-??-??.key"))[:-2]:
        old.unlink(missing_ok=True)
    return key
