"""Settings out of environment variables, for whoever makes the same beacon in many places."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from mailbeacon.errors import ConfigError
from mailbeacon.settings.keys import split_keys

__all__ = ["BASE_URL", "SECRET_KEYS", "SECRET_KEYS_FILE", "read_environment"]

BASE_URL = "MAILBEACON_BASE_URL"
"""Where the tracking routes are mounted."""
SECRET_KEYS = "MAILBEACON_SECRET_KEYS"
"""The signing keys, the newest last, with white space or commas between."""
SECRET_KEYS_FILE = "MAILBEACON_SECRET_KEYS_FILE"
"""A file of signing keys, one a line, the newest last, instead of :data:`SECRET_KEYS`."""


def read_environment(environ: Mapping[str, str]) -> tuple[str, list[str]]:
    """Return the base URL and the signing keys.

    Raises:
        ConfigError: If a variable is missing, or the file cannot be read.
    """
    base_url = environ.get(BASE_URL, "")
    if not base_url:
        raise ConfigError(f"{BASE_URL} is not set: where the tracking routes are, such as https://t.example.com/m")
    text, path = environ.get(SECRET_KEYS, ""), environ.get(SECRET_KEYS_FILE, "")
    if path and not text:
        try:
            text = Path(path).read_text("utf-8-sig")
        except (OSError, ValueError) as error:
            raise ConfigError(f"the file that {SECRET_KEYS_FILE} names cannot be read") from error
    if not split_keys(text):
        raise ConfigError(f"{SECRET_KEYS} is not set, nor {SECRET_KEYS_FILE}: make a key with mailbeacon keys new")
    return base_url, split_keys(text)
