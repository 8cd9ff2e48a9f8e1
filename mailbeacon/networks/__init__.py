"""Who runs the network of an address, and what it is used for.

The package's own table (:func:`builtin`), the optional larger one (:func:`from_iporigin`), tables made from the
lists that operators publish, the geography of an address, and whose word is taken for one (``proxies``). Does not fetch
anything and never looks a name up.
"""

from mailbeacon.networks.geography import Geography, Location
from mailbeacon.networks.lists import Listing, apple, aws, azure, google, plain
from mailbeacon.networks.own import builtin, from_iporigin
from mailbeacon.networks.table import UNKNOWN, Entry, Layers, Table, read_cidr
from mailbeacon.renamed import renamed

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

__getattr__ = renamed(__name__, {"Place": "Location"})  # links in a mail have places too
