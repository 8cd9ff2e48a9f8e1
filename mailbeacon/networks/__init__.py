"""Who runs the network of an address, and what it is used for.

The package's own table (:func:`builtin`), the optional larger one (:func:`from_iporigin`), tables made from the
lists that operators publish, the geography of an address, and whose word is taken for one (``proxies``). Does not fetch
anything and never looks a name up.
"""

import warnings

from mailbeacon.networks.geography import Geography, Location
from mailbeacon.networks.lists import Listing, apple, aws, azure, google, plain
from mailbeacon.networks.own import builtin, from_iporigin
from mailbeacon.networks.table import UNKNOWN, Entry, Layers, Table, read_cidr

__all__ = [
    "UNKNOWN",
    "Entry",
    "Geography",
    "Layers",
    "Listing",
    "Location",
    "Table",
    "apple",
    "aws",
    "azure",
    "builtin",
    "from_iporigin",
    "google",
    "plain",
    "read_cidr",
]


def __getattr__(name: str) -> object:
    """Return a location by its name in 0.1.0, which the place of a link in a mail has too."""
    if name == "Place":
        said = "mailbeacon.networks.Place is deprecated and goes with 0.4: use Location"
        warnings.warn(said, DeprecationWarning, stacklevel=2)
        return Location
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
