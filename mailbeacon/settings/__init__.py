"""What a host decides once: keys, base URL, how mail is rewritten, what is kept.

Reads no environment and no file; every function that reads a clock takes it from here.
"""

from mailbeacon.settings.checks import is_loopback
from mailbeacon.settings.environment import BASE_URL, SECRET_KEYS, SECRET_KEYS_FILE, read_environment
from mailbeacon.settings.failures import failed
from mailbeacon.settings.keys import MIN_KEY_BYTES, Keys, check_keys, split_keys
from mailbeacon.settings.options import MoreOptions, Options
from mailbeacon.settings.settings import DigestKeys, Keep, SecretKeys, Settings, utc_now

__all__ = [
    "BASE_URL",
    "MIN_KEY_BYTES",
    "SECRET_KEYS",
    "SECRET_KEYS_FILE",
    "DigestKeys",
    "Keep",
    "Keys",
    "MoreOptions",
    "Options",
    "SecretKeys",
    "Settings",
    "check_keys",
    "failed",
    "is_loopback",
    "read_environment",
    "split_keys",
    "utc_now",
]
