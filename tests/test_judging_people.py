"""People who are easily mistaken, as whole requests and as lines of a log, looked up in the package's own tables.

Behind offices' proxies, on desktops in the cloud, behind VPNs and access providers: each named network with the source for what
goes through it. And those whose user agent was taken away.
"""

from __future__ import annotations

from datetime import timedelta

import pytest

import mailbeacon as mb
from mailbeacon import networks
from mailbeacon.judging import classify_all, explain
from mailbeacon.model import Event, NetworkKind, Networks
from tests import making

CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"
)
OUTLOOK = "Mozilla/4.0 (compatible; ms-office; MSOffice 16)"
FULL = {
    "user-agent": CHROME,
    "accept": "text/html,application/xhtml+xml,*/*;q=0.8",
    "accept-language": "en-GB,en;q=0.9",
    "sec-fetch-dest": "document",
    "sec-fetch-mode": "navigate",
    "sec-fetch-site": "cross-site",
    "sec-fetch-user": "?1",
}
LOGGED = frozenset({"user-agent", "referer"})
PROXIES = [
    pytest.param(
        "134.238.1.1", "Prisma Access", id="Prisma Access: Palo Alto Networks' ranges in ARIN's register, 2026"
    ),
    pytest.param("165.225.1.1", "Zscaler", id="Zscaler: config.zscaler.com, cloud enforcement node ranges, 2026"),
    pytest.param("163.116.130.1", "Netskope", id="Netskope: NewEdge IP ranges for allow-listing, 2026"),
    pytest.param("146.112.1.1", "Cisco Umbrella", id="Cisco Umbrella: secure web gateway ranges, 2026"),
]
DESKTOPS = [
    pytest.param(
        "20.70.1.2", "Microsoft Azure", id="Windows 365: Microsoft, Cloud PCs leave through Azure's network, 2026"
    ),
    pytest.param("54.210.1.1", "Amazon AWS", id="WorkSpaces: Amazon, a WorkSpace has an address of EC2's, 2026"),
    pytest.param("13.64.0.1", "Microsoft Azure", id="Citrix DaaS: Citrix, its desktops run on Azure, 2026"),
    pytest.param("34.82.1.5", "Google Cloud", id="Citrix DaaS: Citrix, its desktops run on Google Cloud, 2026"),
]
VPNS = [
    pytest.param("5.9.1.1", "Hetzner", id="a VPN on Hetzner"),
    pytest.param("51.68.1.1", "OVHcloud", id="a VPN on OVH"),
    pytest.param("45.32.1.1", "Vultr", id="a VPN on Vultr"),
]
BOTH = pytest.mark.parametrize("logged", [False, True], ids=["whole request", "log"])


def seen(
    address: str,
    *,
    minutes: float,
    logged: bool = False,
    opens: bool = False,
    table: Networks | None = None,
    who: str = "u-17",
    agent: str = CHROME,
) -> Event:
    """Return a click, or an open in Outlook, so long after the sending, as a beacon records it."""
    found: list[Event] = []
    beacon = making.beacon(on_event=lambda event, _: found.append(event), networks=table)
    message = making.message(who)
    url = beacon.open_url(message) if opens else beacon.click_url(message, "https://example.com/1")
    headers = {"user-agent": OUTLOOK} if opens else {"user-agent": agent} if logged else FULL | {"user-agent": agent}
    moment = making.SENT + timedelta(minutes=minutes, microseconds=0 if logged else 250)
    known = {"headers_known": LOGGED} if logged else {}
    beacon.handle(mb.Request(url=url, address=address, headers=headers, received_at=moment, **known))
    (event,) = found
    return event


@BOTH
@pytest.mark.parametrize("minutes", [1, 90])
@pytest.mark.parametrize(("address", "operator"), PROXIES)
def test_who_comes_through_an_offices_proxy_is_a_person(
    address: str, operator: str, minutes: int, logged: bool
) -> None:
    event = seen(address, minutes=minutes, logged=logged)
    assert (event.facts.network.operator, event.facts.network.kind) == (operator, NetworkKind.CORPORATE_PROXY)
    (verdict,) = classify_all([event])
    assert verdict.is_human is True
    assert "an office's proxy" in explain(verdict)


@BOTH
@pytest.mark.parametrize(("address", "operator"), [*DESKTOPS, *VPNS])
def test_one_late_click_from_a_rented_address_is_unknown_and_no_scanners(
    address: str, operator: str, logged: bool
) -> None:
    event = seen(address, minutes=90, logged=logged)
    assert (event.facts.network.operator, event.facts.network.kind) == (operator, NetworkKind.HOSTING)
    (verdict,) = classify_all([event])
    assert verdict.is_human is None
    assert "rented servers" in explain(verdict)


@BOTH
@pytest.mark.parametrize("minutes", [1.5, 90])
@pytest.mark.parametrize(("address", "operator"), DESKTOPS)
def test_who_reads_on_a_desktop_in_the_cloud_is_a_person(
    address: str, operator: str, minutes: float, logged: bool
) -> None:
    """Outlook opens the mail there, and the browser beside it follows the link."""
    events = [
        seen(address, minutes=minutes - 0.5, logged=logged, opens=True),
        seen(address, minutes=minutes, logged=logged),
    ]
    assert {event.facts.network.operator for event in events} == {operator}
    opened, clicked = classify_all(events)
    assert (opened.is_human, clicked.is_human) == (True, True)
    assert opened.confidence > 0.9


@pytest.mark.parametrize(("address", "operator"), [*DESKTOPS, *VPNS])
def test_several_recipients_unhurried_clicks_speak_for_a_rented_address(address: str, operator: str) -> None:
    events = [seen(address, minutes=90 + 25 * number, who=f"u-{number}") for number in range(4)]
    assert {event.facts.network.operator for event in events} == {operator}
    assert {verdict.is_human for verdict in classify_all(events)} == {None}
    assert {verdict.is_human for verdict in classify_all(events, fit=True)} == {True}


@BOTH
@pytest.mark.parametrize("large", [False, True], ids=["own table", "iporigin"])
def test_cogents_offices_are_people(large: bool, logged: bool) -> None:
    """Cogent, "Dedicated Internet Access": 36 million addresses of an access provider, which ``iporigin`` has as hosting, 2026."""
    if large:
        pytest.importorskip("iporigin")
    for minutes in (1, 90):
        event = seen("38.140.10.5", minutes=minutes, logged=logged, table=networks.from_iporigin() if large else None)
        assert event.facts.network.kind is NetworkKind.UNKNOWN
        assert classify_all([event])[0].is_human is True


@pytest.mark.parametrize(
    "agent",
    [
        pytest.param("", id="taken away"),
        pytest.param("Mozilla/5.0 (Windows NT 10.0; Win64; x64)", id="its beginning alone"),
        pytest.param("Mozilla/5.0", id="no more than a name"),
    ],
)
def test_a_stripped_user_agent_counts_once(agent: str) -> None:
    """Its other fields are a browser's, so nothing else speaks against it."""
    (verdict,) = classify_all([seen("84.10.1.1", minutes=90, agent=agent)])
    assert len([signal for signal in verdict.signals if signal.weight > 0]) == 1


@pytest.mark.parametrize(
    "agent",
    [
        pytest.param(CHROME.partition(" Chrome")[0], id="WebKit, without its browser"),
        pytest.param(f"{CHROME} Honorlock", id="a tool behind it"),
        pytest.param(CHROME.replace(" Chrome", " Ladybird/1.0 Chrome"), id="Ladybird"),
    ],
)
def test_a_browser_with_less_or_more_in_its_name_is_a_persons(agent: str) -> None:
    (verdict,) = classify_all([seen("84.10.1.1", minutes=90, agent=agent)])
    assert verdict.is_human is True
    assert all(signal.weight < 0 for signal in verdict.signals)
