"""What a host decides once: keys, base URL, how mail is rewritten, what is kept.

Reads no environment and no file; every function that reads a clock takes it from here.
"""

from mailbeacon.settings.checks import is_loopback
from mailbeacon.settings.keys import MIN_KEY_BYTES, Keys, check_keys, split_keys
from mailbeacon.settings.settings import DigestKeys, Keep, Settings, utc_now

__all__ = [
    "MIN_KEY_BYTES",
    "DigestKeys",
    "Keep",
    "Keys",
    "Settings",
    "check_keys",
    "is_loopback",
    "split_keys",
    "utc_now",
]
