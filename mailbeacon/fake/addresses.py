"""Addresses of plausible networks: people at home, offices, relays, proxies, scanners.

Draws from a few large ranges of each kind. The ranges of people belong to real carriers, so a made-up log looks like
one; no address in it is meant. Looks nothing up.
"""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network, ip_network

from mailbeacon.fake.chance import Choices, Rng

__all__ = [
    "ABROAD",
    "APPLE_RELAY",
    "BARRACUDA",
    "FASTMAIL",
    "GOOGLE_PROXY",
    "HOMES",
    "HOSTING",
    "MICROSOFT_MAIL",
    "OFFICES",
    "SAFE_LINKS",
    "SCANNERS",
    "SECURITY",
    "YAHOO_PROXY",
    "ZSCALER",
    "Pool",
]


class Pool:
    """Ranges of addresses to draw from.

    Args:
        ranges: In CIDR form; each range is as likely, whatever its size.
        hosts: Use only this many addresses of each range, as servers do; 0 for all.
    """

    __slots__ = ("_spans",)

    def __init__(self, ranges: Sequence[str], *, hosts: int = 0) -> None:
        self._spans = tuple(_span(ip_network(text), hosts) for text in ranges)

    def draw(self, rng: Rng) -> str:
        """Return an address."""
        wide, first, size, step = rng.pick(self._spans)
        number = first + int(rng.random() * size) * step
        if wide:
            return (
                f"{number >> 48 & 0xFFFF:x}:{number >> 32 & 0xFFFF:x}:{number >> 16 & 0xFFFF:x}:{number & 0xFFFF:x}::1"
            )
        return f"{number >> 24}.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"


def _span(network: IPv4Network | IPv6Network, hosts: int) -> tuple[bool, int, int, int]:
    """Return the first number of a range, how many there are, and how far apart; of IPv6 the first 64 bits only."""
    if isinstance(network, IPv6Network):
        first, size = int(network.network_address) >> 64, 1 << (64 - network.prefixlen)
        return True, first, min(size, 1 << 40), 1
    first, size = int(network.network_address) + 10, network.num_addresses - 20
    if hosts and hosts < size:
        return False, first, hosts, size // hosts
    return False, first, size, 1


HOMES = Pool(
    (
        "24.16.0.0/13",
        "73.0.0.0/9",
        "71.160.0.0/12",
        "79.192.0.0/11",
        "87.128.0.0/11",
        "86.128.0.0/11",
        "90.0.0.0/11",
        "83.32.0.0/12",
        "151.16.0.0/12",
        "2003:c0::/27",
        "2a02:8100::/27",
        "2601::/24",
    )
)
"""People's own lines. Source: ranges of large carriers (US, DE, GB, FR, ES, IT) in the RIRs' registers, 2026."""

OFFICES = Pool(("12.32.0.0/14", "62.153.0.0/16", "80.146.0.0/16", "195.145.0.0/16", "81.128.0.0/14"))
"""Companies' own lines. Source: business ranges of carriers in the RIRs' registers, 2026; inferred."""

ABROAD = Pool(("41.212.0.0/16", "103.224.180.0/22", "177.72.0.0/16", "190.56.0.0/16", "45.224.0.0/14"))
"""Networks in no list of hosting: where scanners hide. Source: inferred, 2026."""

ZSCALER = Pool(("147.161.128.0/17", "165.225.192.0/18", "136.226.0.0/16"), hosts=200)
"""Source: Zscaler, published cloud enforcement node ranges, 2026."""

APPLE_RELAY = Pool(("172.224.224.0/20", "172.225.0.0/16", "140.248.0.0/18", "146.75.128.0/17", "104.28.0.0/16"))
"""Source: Apple, egress-ip-ranges.csv, 2026: two thirds Akamai, the rest Cloudflare and Fastly."""

GOOGLE_PROXY = Pool(("66.102.0.0/20", "66.249.64.0/19", "64.233.160.0/19"), hosts=60)
"""Source: Google's goog.json and public code, 2026."""

YAHOO_PROXY = Pool(("98.137.0.0/18", "74.6.128.0/19", "188.125.72.0/21", "87.248.116.0/22"), hosts=40)
"""Source: Yahoo's ranges in the RIRs' registers, 2026; inferred."""

MICROSOFT_MAIL = Pool(("40.92.0.0/15", "40.96.0.0/13", "52.96.0.0/14", "104.47.0.0/17"), hosts=120)
"""Source: Microsoft 365 URLs and IP address ranges, Exchange Online, 2026."""

FASTMAIL = Pool(("103.168.172.0/24", "202.12.124.0/24", "66.111.4.0/24"), hosts=6)
"""Source: Fastmail's ranges in the RIRs' registers, 2026; inferred."""

SAFE_LINKS = Pool(("40.94.16.0/24", "40.107.235.0/24"))
"""Source: opencollective issue 3656, 2020."""

HOSTING = Pool(
    (
        "20.64.0.0/11",
        "20.192.0.0/11",
        "13.64.0.0/12",
        "52.136.0.0/13",
        "3.208.0.0/12",
        "34.192.0.0/11",
        "44.192.0.0/11",
        "54.144.0.0/12",
        "34.64.0.0/11",
        "35.192.0.0/14",
        "5.9.0.0/16",
        "51.38.0.0/16",
    ),
    hosts=400,
)
"""Rented servers, mostly Azure, AWS and Google Cloud. Source: Mautic issue 16263, resend-node issue 901, 2025."""

BARRACUDA = Pool(("64.235.144.0/20", "209.222.80.0/21"), hosts=40)
"""Source: Barracuda Email Gateway Defense, IP ranges, 2026."""

SECURITY = Pool(("67.231.144.0/20", "208.84.64.0/22", "91.209.104.0/24"), hosts=40)
"""Source: Proofpoint support information, 2026."""

SCANNERS: Choices[Pool] = Choices([(70, HOSTING), (25, ABROAD), (5, SECURITY)])
"""Where a scanner's hits come from. Source: Mautic issue 16263, 2025, for the kinds; the shares are inferred."""
