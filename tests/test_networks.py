"""Who runs which network: the own table, tables made of published lists, and the laws of cutting ranges."""

from __future__ import annotations

import ipaddress
import json
import runpy
from collections import Counter
from functools import partial
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbeacon import networks
from mailbeacon.errors import ConfigError, MissingExtra
from mailbeacon.model import Network, NetworkKind
from mailbeacon.networks.own import own_rows, own_table, raw_iporigin

OWN = networks.builtin()
HOSTING = Network(operator="Host", kind=NetworkKind.HOSTING)
CDN = Network(operator="Edge", kind=NetworkKind.CDN)
RELAY = Network(operator="Relay", kind=NetworkKind.RELAY)


PAIRS = [
    (cidr, network)
    for cidr in ("9.0.0.0/8", "9.1.0.0/16", "9.1.2.0/24", "84.0.0.0/9", "2001:db8::/32", "2001:db8:1::/48", "0.0.0.0/2")
    for network in (HOSTING, CDN, RELAY)
]


def table(*pairs: tuple[str, Network]) -> networks.Table:
    return networks.Table((networks.Entry(*networks.read_cidr(cidr), net) for cidr, net in pairs), version="test")


@pytest.mark.parametrize(
    ("address", "operator", "kind"),
    [
        pytest.param("66.249.84.1", "Google", NetworkKind.MAIL, id="Google's image proxy"),
        pytest.param("::ffff:66.249.84.1", "Google", NetworkKind.MAIL, id="mapped into IPv6"),
        pytest.param("40.94.16.7", "Microsoft Safe Links", NetworkKind.MAIL, id="Safe Links"),
        pytest.param("17.1.2.3", "Apple", NetworkKind.MAIL, id="Apple's own"),
        pytest.param("172.225.3.3", "Apple Private Relay", NetworkKind.RELAY, id="Apple's relay"),
        pytest.param("165.225.1.1", "Zscaler", NetworkKind.CORPORATE_PROXY, id="Zscaler carries office workers"),
        pytest.param("209.222.82.1", "Barracuda", NetworkKind.SECURITY, id="Barracuda"),
        pytest.param("188.93.56.9", "Mail.ru", NetworkKind.MAIL, id="Mail.ru"),
        pytest.param("2a01:4f8::1", "Hetzner", NetworkKind.HOSTING, id="IPv6"),
        pytest.param("10.1.2.3", "", NetworkKind.LOCAL, id="private"),
        pytest.param("127.0.0.1", "", NetworkKind.LOCAL, id="loopback"),
        pytest.param("::1", "", NetworkKind.LOCAL, id="IPv6 loopback"),
        pytest.param("fe80::1%eth0", "", NetworkKind.LOCAL, id="with a zone"),
        pytest.param("66.249.84.1%eth0", "Google", NetworkKind.MAIL, id="IPv4 with a zone"),
        pytest.param("::FFFF:42F9:5401", "Google", NetworkKind.MAIL, id="mapped, in capital hexadecimals"),
        pytest.param("84.10.1.1", "", NetworkKind.UNKNOWN, id="an Internet provider"),
        pytest.param("", "", NetworkKind.UNKNOWN, id="no address"),
        pytest.param("not an address", "", NetworkKind.UNKNOWN, id="nonsense"),
        pytest.param("1.2.3.4\0", "", NetworkKind.UNKNOWN, id="a zero byte"),
    ],
)
def test_own_table(address, operator, kind):
    """The package's own table knows mail providers, clouds and proxies, and of what is no public address its kind alone."""
    assert OWN.lookup(address) == Network(operator=operator, kind=kind)


@given(st.text() | st.ip_addresses().map(str) | st.sampled_from([None, 7, b"::1"]))
def test_lookup_never_raises(address):
    assert isinstance(OWN.lookup(address), Network)


@given(st.ip_addresses().map(str) | st.ip_addresses(network="40.0.0.0/8").map(str))
def test_our_own_rows_stand_over_what_clouds_publish(address):
    """In the file as it is: it was made since our own rows changed last."""
    ours = own_table().lookup(address)
    assert OWN.lookup(address) == ours or ours == networks.UNKNOWN


def test_the_clouds_file_is_made_by_its_script():
    iporigin = pytest.importorskip("iporigin")
    page = runpy.run_path(str(Path(__file__).parent.parent / "docs" / "networks_data.py"))
    text = page["PAGE"].read_text("ascii")
    if f"iporigin {iporigin.__version__} " not in text:
        return  # newer data than the file was made of; making it anew is a decision, not a fault
    assert page["render"]() == text


@pytest.mark.parametrize(
    ("address", "operator"),
    [
        ("3.5.1.1", "Amazon AWS"),
        ("13.107.64.1", "Microsoft Azure"),
        ("20.70.1.2", "Microsoft Azure"),
        ("34.82.1.5", "Google Cloud"),
        ("5.9.1.1", "Hetzner"),
        ("2600:1f18::1", "Amazon AWS"),
        ("138.68.1.1", "DigitalOcean"),
    ],
)
def test_the_big_clouds_are_rented_servers(address, operator):
    assert OWN.lookup(address) == Network(operator=operator, kind=NetworkKind.HOSTING)


@pytest.mark.parametrize("address", ["192.0.2.7", "198.51.100.1", "203.0.113.9", "2001:db8::1"])
def test_addresses_of_examples_are_nobodys(address):
    assert OWN.lookup(address) == networks.UNKNOWN


@pytest.mark.parametrize("address", ["163.116.130.1", "134.238.1.1", "146.112.1.1"])
def test_office_proxies_in_the_cloud_carry_people(address):
    """Netskope, Prisma Access, Cisco Umbrella."""
    assert OWN.lookup(address).kind is NetworkKind.CORPORATE_PROXY


def test_every_row_has_a_source_and_a_year():
    rows = list(own_rows())
    assert len(rows[0]) == 1
    for cidr, _, kind, source, year in rows[1:]:
        assert ipaddress.ip_network(cidr)
        assert NetworkKind(kind)
        assert source
        assert 2000 < int(year) < 2100
    assert [cidr for cidr, times in Counter(row[0] for row in rows[1:]).items() if times > 1] == []


class TestCutting:
    def test_the_most_specific_wins(self):
        found = table(("9.0.0.0/8", HOSTING), ("9.1.0.0/16", CDN))
        assert [found.lookup(a) for a in ("9.0.255.255", "9.1.0.0", "9.1.255.255", "9.2.0.0")] == [
            HOSTING,
            CDN,
            CDN,
            HOSTING,
        ]

    def test_a_relay_beats_a_content_network(self):
        """Whichever list names the smaller range."""
        assert table(("9.0.0.0/8", RELAY), ("9.1.0.0/16", CDN)).lookup("9.1.2.3") == RELAY
        assert table(("9.0.0.0/8", CDN), ("9.1.0.0/16", RELAY)).lookup("9.1.2.3") == RELAY
        assert table(("9.0.0.0/8", CDN), ("9.0.0.0/8", RELAY)).lookup("9.1.2.3") == RELAY

    def test_neighbours_of_one_operator_are_merged(self):
        assert len(table(("9.0.0.0/9", CDN), ("9.128.0.0/9", CDN))) == len(table(("9.0.0.0/8", CDN)))

    def test_the_ends_of_all_addresses(self):
        assert table(("255.0.0.0/8", CDN)).lookup("255.255.255.255") == CDN
        assert table(("0.0.0.0/0", CDN)).lookup("84.1.1.1") == CDN
        assert table(("ff00::/8", CDN)).lookup("ff" * 2 + ":ffff" * 7) == CDN

    @given(
        st.lists(
            st.tuples(st.integers(0, 255), st.integers(0, 255), st.integers(9, 24), st.sampled_from([HOSTING, CDN])),
            max_size=12,
        ),
        st.integers(0, 255),
        st.integers(0, 255),
    )
    def test_agrees_with_asking_every_network(self, parts, second, third):
        """The table says what the longest prefix that holds the address says; of two alike, the content network."""
        pairs = [(f"9.{a}.{b}.0/{bits}", net) for a, b, bits, net in parts]
        address = ipaddress.ip_address(f"9.{second}.{third}.7")
        holding = [
            (bits, net is CDN, net)
            for (cidr, net), (_, _, bits, _) in zip(pairs, parts, strict=True)
            if address in ipaddress.ip_network(cidr, strict=False)
        ]
        expected = max(holding, key=lambda item: item[:2])[2] if holding else networks.UNKNOWN
        assert table(*pairs).lookup(str(address)) == expected

    @pytest.mark.parametrize(
        "text", ["", "x", "1.2.3.4/33", "1.2.3.4/-1", "1.2.3.4/", "::/129", "1.2.3/8", "1.2.3.4/٣"]
    )
    def test_what_is_not_a_network(self, text):
        with pytest.raises(ConfigError):
            networks.read_cidr(text)

    def test_ranges_that_touch_and_ranges_that_do_not(self):
        """From the first address to the last."""
        last4, last6 = (1 << 32) - 1, (1 << 128) - 1
        found = networks.Table.of_ranges(
            [(0, 255, HOSTING), (256, 511, CDN), (1024, 2047, RELAY), (last4, last4, CDN)],
            [(1, 1, CDN), (last6 - 1, last6, HOSTING)],
            version="test",
        )
        expected = {
            "0.0.0.0": HOSTING,
            "0.0.0.255": HOSTING,
            "0.0.1.0": CDN,
            "0.0.2.0": networks.UNKNOWN,
            "0.0.4.0": RELAY,
            "0.0.8.0": networks.UNKNOWN,
            "255.255.255.254": networks.UNKNOWN,
            "255.255.255.255": CDN,
            "::": networks.UNKNOWN,
            "::1": CDN,
            "::2": networks.UNKNOWN,
            "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff": HOSTING,
        }
        assert {address: found.lookup(address) for address in expected} == expected
        assert networks.Table.of_ranges([], [], version="").lookup("9.9.9.9") == networks.UNKNOWN


class TestLists:
    def test_plain(self, tmp_path):
        path = tmp_path / "own.txt"
        path.write_text("# ours\n9.1.0.0/16\n\n2001:db8::/32  # and this\n9.9.9.9\n")
        listing = networks.plain(path, operator="Ours", kind=NetworkKind.VPN)
        assert listing.version.startswith("own.txt@")
        found = listing.table()
        assert found.version == listing.version
        assert {found.lookup(a).operator for a in ("9.1.2.3", "2001:db8::5", "9.9.9.9")} == {"Ours"}

    def test_apple(self, tmp_path):
        path = tmp_path / "egress-ip-ranges.csv"
        path.write_text("9.1.0.0/31,DE,DE-HE,Frankfurt am Main,\n2a02:26f7:c8c0::/44,DE,,,\n")
        assert networks.apple(path).table().lookup("2a02:26f7:c8c0::9").kind is NetworkKind.RELAY

    def test_the_operators_json(self, tmp_path):
        """Amazon, Google (both files) and Microsoft in one table."""
        files = {
            "aws": {
                "prefixes": [
                    {"ip_prefix": "9.1.0.0/16", "service": "AMAZON"},
                    {"ip_prefix": "9.1.0.0/16", "service": "CLOUDFRONT"},
                    {"ip_prefix": "9.2.0.0/16", "service": "EC2"},
                ],
                "ipv6_prefixes": [{"ipv6_prefix": "2600:1f00::/24", "service": "EC2"}],
            },
            "goog": {"prefixes": [{"ipv4Prefix": "9.4.0.0/14"}, {"ipv6Prefix": "2600:1900::/28"}]},
            "cloud": {"prefixes": [{"ipv4Prefix": "9.5.0.0/16", "service": "Google Cloud", "scope": "x"}]},
            "azure": {
                "values": [
                    {"name": "AzureCloud", "properties": {"addressPrefixes": ["9.8.0.0/15"]}},
                    {"name": "AzureFrontDoor.Frontend", "properties": {"addressPrefixes": ["9.9.0.0/16"]}},
                ]
            },
        }
        for name, data in files.items():
            (tmp_path / name).write_text(json.dumps(data))
        found = networks.Listing.join(
            [
                networks.aws(tmp_path / "aws"),
                networks.google(tmp_path / "goog"),
                networks.google(tmp_path / "cloud"),
                networks.azure(tmp_path / "azure"),
            ]
        )
        expected = {
            "9.1.1.1": NetworkKind.CDN,
            "9.2.1.1": NetworkKind.HOSTING,
            "2600:1f00::1": NetworkKind.HOSTING,
            "9.4.1.1": NetworkKind.MAIL,
            "9.5.1.1": NetworkKind.HOSTING,
            "9.8.1.1": NetworkKind.HOSTING,
            "9.9.1.1": NetworkKind.CDN,
        }
        assert {address: found.lookup(address).kind for address in expected} == expected
        assert found.version.count("+") == 3

    @pytest.mark.parametrize(
        ("read", "text", "message"),
        [
            pytest.param(networks.apple, "9.1.0.0/16,,,\nnonsense,,,\n", "bad, line 2", id="a bad line"),
            pytest.param(networks.apple, "9.1.0.0/31,DE,,,\n9.1.2.0/2", "bad, line 2.*cut off", id="a row cut off"),
            pytest.param(networks.apple, ",GB,GB-ENG,London,\n", "bad, line 1.*cut off", id="a row without a network"),
            pytest.param(networks.aws, '{\n"prefixes": [}', "bad, line 2", id="not JSON"),
            pytest.param(networks.aws, "[" + "9" * 6_000 + "]", "bad: not JSON", id="a number without end"),
            pytest.param(
                networks.google, '{"prefixes":\n [{"ipv4Prefix":\n "9.1"}]}', "bad, line 3", id="a bad network in JSON"
            ),
            pytest.param(networks.azure, "[]", "bad, line 1", id="another shape"),
            pytest.param(
                networks.aws, '{"prefixes": [{"ip_prefix": 7, "service": ""}]}', "bad, line 1", id="another type"
            ),
            pytest.param(networks.aws, "[" * 100_000, "bad", id="nested beyond reading"),
        ],
    )
    def test_a_bad_file_is_told_with_its_line(self, tmp_path, read, text, message):
        (tmp_path / "bad").write_text(text)
        with pytest.raises(ConfigError, match=message):
            read(tmp_path / "bad")

    def test_a_binary_or_missing_file(self, tmp_path):
        (tmp_path / "bad").write_bytes(b"9.1.0.0/16\n\xff\xfe")
        with pytest.raises(ConfigError, match="bad, line 2"):
            networks.apple(tmp_path / "bad")
        with pytest.raises(ConfigError, match="cannot be read"):
            networks.apple(tmp_path / "none")


class TestLayers:
    def test_the_first_that_knows_decides(self):
        layers = networks.Layers([table(("9.1.0.0/16", RELAY)), table(("9.0.0.0/8", HOSTING))])
        assert [layers.lookup(a) for a in ("9.1.1.1", "9.2.1.1", "84.1.1.1")] == [RELAY, HOSTING, networks.UNKNOWN]
        assert layers.version == "test+test"

    @given(st.lists(st.sampled_from(PAIRS)), st.lists(st.sampled_from(PAIRS)))
    def test_one_table_over_another_says_what_both_in_turn_say(self, upper, lower):
        first, second = table(*upper), table(*lower)
        layers, one = networks.Layers([first, second]), first.over(second)
        edges = [
            str(ipaddress.ip_address(start + step) if size == 4 else ipaddress.IPv6Address(start + step))
            for size in (4, 16)
            for each in (first, second)
            for start, _ in each.parts(size)
            for step in (-1, 0)
            if start + step >= 0
        ]
        assert [one.lookup(address) for address in edges] == [layers.lookup(address) for address in edges]
        assert one.version == layers.version

    def test_iporigin_stands_under_our_own(self):
        pytest.importorskip("iporigin")
        layers = networks.from_iporigin()
        assert layers.version.startswith(f"{OWN.version}+iporigin-")
        assert layers.lookup("66.249.84.1").kind is NetworkKind.MAIL
        assert layers.lookup("3.5.140.1").kind is NetworkKind.HOSTING
        assert layers.lookup("::ffff:3.5.140.1").kind is NetworkKind.HOSTING
        assert layers.lookup("nonsense") == networks.UNKNOWN

    def test_a_vpn_inside_a_hoster_s_network_is_no_rented_machine(self):
        pytest.importorskip("iporigin")
        layers, (v4, _, labels, _, _) = networks.from_iporigin(), raw_iporigin()
        exits = [str(ipaddress.IPv4Address(first)) for first, _, label in v4 if labels[label][0] in ("Mullvad", "Tor")]
        assert len(exits) > 1000
        assert {layers.lookup(address).kind for address in exits} == {NetworkKind.VPN}

    def test_an_access_provider_sold_as_hosting_is_none(self):
        """People come from Cogent's 36 million addresses."""
        pytest.importorskip("iporigin")
        v4, _, labels, _, _ = raw_iporigin()
        places = [ipaddress.IPv4Address(first) for first, _, label in v4 if labels[label][0] == "Cogent"]
        table = networks.from_iporigin()
        found = Counter(table.lookup(str(place)).operator for place in places if place.is_global)
        assert "Cogent" not in found
        assert found[""] > 0.95 * found.total()

    @pytest.mark.parametrize(
        "address",
        [
            "3.5.140.1",
            "::ffff:3.5.140.1",
            "::FFFF:3.5.140.1",
            "::ffff:305:8c01",
            "0:0:0:0:0:FFFF:3.5.140.1",
            "3.5.140.1%eth0",
        ],
    )
    def test_all_forms_of_one_ipv4_address_are_one_address(self, address):
        """An IPv4 address mapped into IPv6, in any spelling, and one with a zone."""
        pytest.importorskip("iporigin")
        assert networks.from_iporigin().lookup(address) == Network(operator="Amazon AWS", kind=NetworkKind.HOSTING)

    def test_what_our_own_does_not_know_is_what_iporigin_says(self):
        """At the ends of its ranges, beside them, and anywhere; but for Apple's relay, which is no VPN to us."""
        iporigin = pytest.importorskip("iporigin")
        from iporigin.core import dataset

        table, data = networks.from_iporigin(), dataset()
        random = Random(1)
        numbers = [*data.v4_starts[::97], *data.v4_ends[::97], *(random.randrange(1 << 32) for _ in range(2000))]
        places = [ipaddress.IPv4Address(max(0, number + step) % (1 << 32)) for number in numbers for step in (-1, 0, 1)]
        places += [ipaddress.IPv6Address(number + step) for number in data.v6_starts[::97] for step in (-1, 0, 1)]
        for place in places:
            said = iporigin.classify(str(place))
            known = said.kind not in ("unknown", "reserved") and said.provider not in ("Cogent", "DataCamp", "Meta")
            if place.is_global and OWN.lookup(str(place)).kind is NetworkKind.UNKNOWN:
                assert table.lookup(str(place)).operator in (said.provider if known else "", "Meta"), place

    def test_a_missing_extra_says_what_to_install(self, monkeypatch):
        monkeypatch.setitem(__import__("sys").modules, "iporigin", None)
        with pytest.raises(MissingExtra, match=r"mailbeacon\[networks\]"):
            networks.from_iporigin()


class TestGeography:
    def test_a_real_database(self, tmp_path):
        pytest.importorskip("maxminddb")
        writer_module = pytest.importorskip("mmdb_writer")
        netaddr = pytest.importorskip("netaddr")
        writer = writer_module.MMDBWriter(ip_version=6, ipv4_compatible=True)
        record = {
            "country": {"iso_code": "DE"},
            "subdivisions": [{"names": {"en": "Hesse"}}],
            "city": {"names": {"en": "Frankfurt", "de": "Frankfurt am Main"}},
        }
        writer.insert_network(netaddr.IPSet(["9.1.0.0/16"]), record)
        writer.insert_network(netaddr.IPSet(["9.2.0.0/16"]), {"country": "broken", "subdivisions": [7], "city": 3})
        path = tmp_path / "places.mmdb"
        writer.to_db_file(str(path))
        places = networks.Geography(path, language="de")
        assert places.locate("9.1.2.3") == networks.Location("DE", "", "Frankfurt am Main")
        assert networks.Geography(path).locate("9.1.2.3") == networks.Location("DE", "Hesse", "Frankfurt")
        for address in ("9.2.1.1", "84.1.1.1", "", "nonsense"):
            assert places.locate(address) == networks.Location()

    def test_a_bad_file_is_a_config_error(self, tmp_path):
        pytest.importorskip("maxminddb")
        (tmp_path / "bad").write_bytes(b"no database")
        for name in ("bad", "none"):
            with pytest.raises(ConfigError, match="geography"):
                networks.Geography(tmp_path / name)

    def test_a_missing_extra_says_what_to_install(self, monkeypatch, tmp_path):
        monkeypatch.setitem(__import__("sys").modules, "maxminddb", None)
        with pytest.raises(MissingExtra, match=r"mailbeacon\[geo\]"):
            networks.Geography(tmp_path / "x")


def test_a_list_may_write_ipv4_as_ipv6(tmp_path):
    """Both are looked up as IPv4."""
    (tmp_path / "own.txt").write_text("::ffff:192.0.2.0/120\n::ffff:198.51.100.7\n")
    listing = networks.plain(tmp_path / "own.txt", operator="Ours", kind=NetworkKind.VPN)
    found = listing.table()
    for address in ("192.0.2.9", "::ffff:192.0.2.9", "198.51.100.7"):
        assert found.lookup(address).operator == "Ours"
    assert found.lookup("192.0.3.9").operator != "Ours"


@pytest.mark.parametrize(
    ("read", "text"),
    [
        pytest.param(networks.apple, "", id="Apple's, empty"),
        pytest.param(networks.google, '{"prefixes": []}', id="Google's, without a row"),
        pytest.param(
            partial(networks.plain, operator="x", kind=NetworkKind.HOSTING), "# nothing\n", id="comments only"
        ),
    ],
)
def test_a_list_without_a_network_is_a_broken_download(read, text, tmp_path):
    path = tmp_path / "list.txt"
    path.write_text(text)
    with pytest.raises(ConfigError, match="holds no network at all"):
        read(path)


def test_a_kind_of_network_may_be_its_word_and_no_other(tmp_path):
    path = tmp_path / "list.txt"
    path.write_text("192.0.2.0/24\n")
    found = networks.plain(path, operator="x", kind="security").table().lookup("192.0.2.1")
    assert found.kind is NetworkKind.SECURITY
    for wrong in ("securty", 5):
        with pytest.raises(ConfigError, match="kind must be a NetworkKind"):
            networks.plain(path, operator="x", kind=wrong)
    with pytest.raises(ConfigError, match="operator must be a str"):
        networks.plain(path, operator=5, kind="security")
