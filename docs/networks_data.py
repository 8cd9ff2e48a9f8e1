"""Write ``mailbeacon/data/clouds.txt`` anew: the networks that clouds publish, with our own rows over them.

Run ``python docs/networks_data.py`` where the package ``iporigin`` is installed, whose tables are made of those lists: of
each operator's own feed, or of collections in the public domain (CC0-1.0). What it has by a private permission is left out,
and so is what is no rented machine. Its code and tables are under the MIT licence.

The file holds for IPv4 and for IPv6 where a network begins, in hexadecimals, with a letter for whose it is; each goes on to
the next. So a look-up is one bisection, and reading the file takes a few milliseconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from ipaddress import ip_network
from itertools import pairwise
from pathlib import Path

from mailbeacon.model import Network, NetworkKind
from mailbeacon.networks.own import own_table, raw_iporigin

PAGE = Path(__file__).parents[1] / "mailbeacon" / "data" / "clouds.txt"

PUBLISHED = (
    *("Amazon AWS", "Google", "Google Cloud", "Microsoft Azure", "DigitalOcean", "Linode", "Vultr", "Oracle Cloud"),
    *("GitHub", "Cloudflare", "Fastly"),
)
"""Operators whose own feed is used. Source: iporigin 1.1.2, NOTICE, section 1, 2026."""
PUBLIC_DOMAIN = (
    *("Hetzner", "OVHcloud", "Scaleway", "Alibaba Cloud", "Leaseweb", "UpCloud", "IBM Cloud", "Huawei Cloud"),
    *("Tencent Cloud", "Rackspace", "Gcore", "Mullvad", "ProtonVPN", "Tor"),
)
"""Operators in collections under CC0-1.0. Source: iporigin 1.1.2, NOTICE, section 2, 2026."""
_KINDS = {"hosting": NetworkKind.HOSTING, "cdn": NetworkKind.CDN, "vpn": NetworkKind.VPN, "tor": NetworkKind.VPN}
_NOBODYS = tuple(
    map(
        ip_network,
        (
            "192.0.2.0/24",
            "198.18.0.0/15",
            "198.51.100.0/24",
            "203.0.113.0/24",
            "224.0.0.0/3",
            "2001::/23",
            "2001:db8::/32",
        ),
    )
)
"""Examples of documentations, benchmarks and what is reserved; written out, for Pythons differ in what they call global.

Source: IANA special-purpose address registries (RFC 6890), 2026.
"""
_UNTOLD = Network(operator="Google", kind=NetworkKind.CDN)
"""Google's own machines that are not known to be its mail's: neither rented, nor people's, nor the image proxy."""
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_HEAD = """# Who runs which network: what clouds publish, and our own rows over it. Made by docs/networks_data.py; do not edit.
# Source: {source}, of {date}: the operators' own feeds, and collections under CC0-1.0.
# version {date}
"""

Range = tuple[int, int, Network]
Part = tuple[int, Network]
"""Where something begins, and whose it is up to the next."""


def render() -> str:
    """Return the file's text."""
    v4, v6, labels, built, version = raw_iporigin()
    known = [_network(operator, kind) for operator, kind in labels]
    date = datetime.fromtimestamp(built, UTC).date().isoformat()
    own = own_table()
    parts = [list(_overlay(_laid(ranges, known, size), own.parts(size))) for ranges, size in ((v4, 4), (v6, 16))]
    networks = sorted({network for part in parts for _, network in part}, key=lambda one: (one.kind, one.operator))
    letter = dict(zip(networks, _LETTERS, strict=False))
    lines = [f"{letter[network]}\t{network.kind.value}\t{network.operator}" for network in networks]
    for part, digits in zip(parts, (8, 32), strict=True):
        lines += ["", *(f"{start:0{digits}x}".rstrip("0") + "\t" + letter[network] for start, network in part)]
    return _HEAD.format(source=f"iporigin {version} (MIT)", date=date) + "\n".join(lines) + "\n"


def _network(operator: str, kind: str) -> Network:
    if operator == "Google":
        return _UNTOLD
    wanted = operator in PUBLISHED or operator in PUBLIC_DOMAIN
    return Network(operator=operator, kind=_KINDS[kind]) if wanted and kind in _KINDS else Network()


def _laid(ranges: Iterable[tuple[int, int, int]], known: Sequence[Network], size: int) -> list[Part]:
    """Return where each network begins; a gap that one operator surrounds is taken for its own."""
    special = [(int(one[0]), int(one[-1])) for one in _NOBODYS if one.max_prefixlen == 8 * size]
    found: list[Range] = [(0, -1, Network())]
    for first, last, label in ranges:
        network = known[label]
        if network == Network() or any(start <= first <= end for start, end in special):
            continue  # a feed names a documentation's example, 192.0.2.0/24
        before = found[-1]
        if before[1] + 1 < first:
            found.append((before[1] + 1, first - 1, Network()))
        found.append((first, last, network))
    for place, (one, gap, other) in enumerate(zip(found, found[1:], found[2:], strict=False), 1):
        if gap[2] == Network() and one[2] == other[2] and gap[1] - gap[0] < _SMALL:
            found[place] = (*gap[:2], one[2])
    parts = [(first, network) for first, _, network in found]
    return _merged([*parts, (found[-1][1] + 1, Network())])


_SMALL = 256
"""Gaps below this are single servers with a name of their own, such as a crawler's."""


def _overlay(under: Sequence[Part], over: Sequence[Part]) -> Iterator[Part]:
    """Yield parts: those of ``over`` where it knows something, else those of ``under``."""
    starts = sorted({start for start, _ in (*under, *over)})
    places, sides = [0, 0], (under, over)
    found = []
    for start in starts:
        for which, side in enumerate(sides):
            while places[which] + 1 < len(side) and side[places[which] + 1][0] <= start:
                places[which] += 1
        top = over[places[1]][1]
        found.append((start, top if top.kind is not NetworkKind.UNKNOWN else under[places[0]][1]))
    yield from _merged(found)


def _merged(parts: Sequence[Part]) -> list[Part]:
    return [parts[0], *(later for one, later in pairwise(parts) if one[1] != later[1])]


if __name__ == "__main__":
    PAGE.write_text(render(), "ascii")
