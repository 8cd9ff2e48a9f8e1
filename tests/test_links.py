"""Tracking URLs and destinations: how they are read back, and which may be redirected to."""

from __future__ import annotations

import string
from contextlib import suppress
from urllib.parse import quote, urlsplit

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from mailbeacon.errors import BadToken, ConfigError
from mailbeacon.links import (
    MAX_URL_LENGTH,
    Path,
    Routes,
    ascii_host,
    carried,
    check_destination,
    destination_forms,
    leave_fields,
    location,
    manifest_of,
    parse,
    route_of,
    short_name,
    token_in,
)
from mailbeacon.model import Channel, Link, Manifest, SkipReason, Target
from tests.linear import takes_more

TOKEN = "aWyJzcHJpbmciLCJ1LTE3Il0.JVJm2-cCpD9p7jMOyuXOmg"
LINK = "aWzEsImh0dHBzOi8vZXhhbXBsZS5jb20vIl0.KGZoDTP-gev8qdRqtb_0pQ"
BASE = "https://t.example.com/m"
ROUTES = Routes(BASE)
OPEN, CLICK, LEAVE = ROUTES.open(TOKEN), ROUTES.click(TOKEN, LINK), ROUTES.leave(TOKEN)
READ = {
    OPEN: Path(kind="o", token=TOKEN),
    CLICK: Path(kind="c", token=TOKEN, link=LINK),
    LEAVE: Path(kind="u", token=TOKEN),
}

# tracking URLs


def test_the_urls_are_these():
    """Frozen: mails with these URLs are out there."""
    assert f"https://t.example.com/m/o/{TOKEN}.gif" == OPEN
    assert f"https://t.example.com/m/c/{TOKEN}/{LINK}" == CLICK
    assert f"https://t.example.com/m/u/{TOKEN}" == LEAVE
    assert ROUTES.base_url == BASE


def test_a_click_needs_nothing_before_its_route():
    assert parse(f"c/{TOKEN}/{LINK}") == READ[CLICK]


def test_a_url_of_exactly_16_kb_is_still_read():
    long = f"{OPEN}?{'x' * (16_384 - len(OPEN) - 1)}"
    assert parse(long) == READ[OPEN]
    with pytest.raises(BadToken, match="longer"):
        parse(long + "x")


def test_the_fields_to_leave_fit_a_line_of_mail():
    """RFC 8058, section 3.1, and 998 characters of a line."""
    url = "https://t.example.com/u/" + "a" * (998 - len("List-Unsubscribe: <https://t.example.com/u/>"))
    assert leave_fields(url) == {
        "List-Unsubscribe": f"<{url}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
    with pytest.raises(ConfigError, match="too long"):
        leave_fields(url + "a")


def test_a_host_of_253_characters_is_one_and_of_254_is_none():
    longest = ".".join(["a" * 61] * 4) + ".abcde"
    assert len(longest) == 253
    assert ascii_host(longest) == longest
    with pytest.raises(ValueError, match="host"):
        ascii_host(longest + "f")


ALPHABET = string.ascii_letters + string.digits + "-_"
PARTS = st.text(ALPHABET, min_size=1, max_size=40)
NAMES = st.builds(lambda head, tail, last: f"a{head}.{tail}{last}", PARTS, PARTS, st.sampled_from("AQgw"))
MOUNTS = st.sampled_from(
    ["", "https://t.example.com", "https://t.example.com/m", "/m", "/deep/er/c", "/o", "/u/c/o", "http://[::1]:8000/x"]
) | st.lists(st.text(ALPHABET + ".~%!é ", min_size=1, max_size=8), max_size=4).map(lambda names: "/" + "/".join(names))


@given(MOUNTS, NAMES, NAMES)
def test_law_what_is_put_together_is_read_back_under_any_mount(mount, token, link):
    routes = Routes(mount)
    assert parse(routes.open(token)) == Path(kind="o", token=token)
    assert parse(routes.click(token, link)) == Path(kind="c", token=token, link=link)
    assert parse(routes.leave(token)) == Path(kind="u", token=token)


@pytest.mark.parametrize("url", READ, ids="ocu")
@pytest.mark.parametrize(
    "tail", [")", ".", ",", ">", "%3E", "=", "%3D", "'", '"', "%22", "/", "!", ";", "…", "%E2%80%9D", ">)."]
)
def test_punctuation_that_gateways_hang_on_is_forgiven(url, tail):
    assert parse(url + tail) == READ[url]


@given(st.sampled_from(sorted(READ)), st.text(max_size=20).filter(lambda tail: not any(map(str.isalnum, tail))))
@example(OPEN, "\ud800")
def test_law_no_punctuation_at_all_matters(url, tail):
    assume("%" not in tail)
    assert parse(url + tail) == READ[url]


@pytest.mark.parametrize("url", READ, ids="ocu")
def test_one_percent_decoding_is_undone(url):
    head, _, path = url.partition("/m/")
    assert parse(head + "/m/" + quote(path, safe="")) == READ[url]
    assert parse(head + "/m/" + "".join(f"%{ord(sign):02x}" for sign in path)) == READ[url]


@pytest.mark.parametrize("url", READ, ids="ocu")
def test_a_second_percent_decoding_is_not(url):
    path = url.partition("/m/")[2].replace("/", "%252F").replace(".", "%252E")
    try:
        found = parse("https://t.example.com/m/" + path)
    except BadToken:
        return
    assert found not in READ.values()


@given(st.sampled_from(sorted(READ)), st.text(max_size=40), st.text(max_size=40))
@example(CLICK, "utm_source=a&u=/c/x/y", "/o/z.gif")
def test_law_query_and_fragment_are_ignored(url, query, fragment):
    assert parse(f"{url}?{query}") == READ[url]
    assert parse(f"{url}?{query}#{fragment}") == READ[url]
    assert parse(f"{url}#{fragment}") == READ[url]


@pytest.mark.parametrize(
    "url",
    [
        "",
        "/",
        "/m/",
        "/m/x/" + TOKEN,
        "/m/c/" + TOKEN,
        f"/m/xc/{TOKEN}/{LINK}",
        f"/m/o/{TOKEN}",
        f"/m/o/{TOKEN}.png",
        "/m/u/",
        f"/m/c//{LINK}",
        f"/m/c/{TOKEN}/",
        "?/o/" + TOKEN + ".gif",
        "o",
        "\ud800",
    ],
)
def test_what_has_another_form_is_a_bad_token(url):
    with pytest.raises(BadToken) as caught:
        parse(url)
    assert TOKEN not in str(caught.value)


@given(st.text(max_size=200))
def test_law_no_text_breaks_the_parser(url):
    try:
        found = parse(url)
    except BadToken:
        return
    assert found.token or found.kind == "o"


def parsed(url):
    with suppress(BadToken):
        parse(url)


@pytest.mark.parametrize("filler", ["!", "%", "%21", "/", "é", ".", "?", "a"])
def test_a_url_eight_times_as_long_takes_about_eight_times_as_long(filler):
    """A search for the end of the token that began anew at each sign would take 64 times as long."""
    short, long = ((filler * length)[:length] + "a!" for length in (2_000, 16_000))
    assert not takes_more(parsed, short, long, times=24, beside=0.002)


def test_a_url_over_16_kilobytes_is_refused_whatever_it_says():
    with pytest.raises(BadToken, match="longer"):
        parse("/" * 20_000 + CLICK)


def test_a_beacon_owns_what_stands_under_its_base_alone():
    assert all(map(ROUTES.owns, READ))
    assert not ROUTES.owns(CLICK.replace("t.example.com", "t.example.org"))
    assert not ROUTES.owns(CLICK.replace("/m/", "/mm/"))
    assert not ROUTES.owns("https://t.example.com/m/about")
    assert not ROUTES.owns(f"https://evil.example/?{CLICK}")


@pytest.mark.parametrize("base", ["https://T.Example.com:443/m", "https://t.example.com/m"])
@pytest.mark.parametrize("front", ["https://t.example.com/m", "HTTPS://T.EXAMPLE.COM/m", "https://t.example.com:443/m"])
def test_the_host_s_case_and_the_usual_port_make_no_stranger(base, front):
    url = CLICK.replace("https://t.example.com/m", front)
    assert url.startswith(front)
    assert Routes(base).owns(url)
    assert Routes(base).owns(f"{url}?utm_source=x")
    assert not Routes(base).owns(url.replace("/m/", "/M/"))


@pytest.mark.parametrize(
    "path", ["/blog/u/anna", "/u/anna", "/x/o/photo.gif", "/o/photo.gif", "/c/go/intro", "/wiki/c/a/b"]
)
def test_a_page_of_the_host_s_beside_the_routes_is_not_taken_for_one(path):
    assert not Routes("https://shop.example").owns(f"https://shop.example{path}")


# destinations: PEERS 8, 9, 14, 19


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("https://example.com", id="no path"),
        pytest.param("HTTPS://EXAMPLE.COM/", id="case 6: capitals"),
        pytest.param("https://example.com/it's", id="case 8: an apostrophe"),
        pytest.param("https://example.com/a@b,c!d|e{f}g", id="case 8: signs that others lose"),
        pytest.param("https://user:pw@example.com/", id="case 8: a user"),
        pytest.param("https://example.com?a=1", id="case 8: a query without a path"),
        pytest.param("https://example.com/#part", id="a fragment"),
        pytest.param("https://example.com/a%20b%2F%zz", id="case 9: percent signs stay"),
        pytest.param("https://example.com/?a[]=1&b[c]=2", id="case 9: brackets stay"),
        pytest.param("https://example.com/?a=1&b=2&copy=3", id="case 7: ampersands stay"),
        pytest.param("https://example.com:8443/", id="a port"),
        pytest.param("https://[2001:db8::1]:8080/x", id="IPv6"),
        pytest.param("https://192.0.2.7/", id="IPv4"),
        pytest.param("https://under_score.example.com/", id="an underscore in the host"),
        pytest.param("https://example.com./", id="a full stop after the host"),
        pytest.param("https://xn--e1afmkfd.example/", id="Punycode"),
        pytest.param("https://a.b.c.d.e.f.g.h.example.com/", id="many labels"),
        pytest.param(f"https://{'a' * 63}.example/", id="the longest label"),
        pytest.param("http://localhost/", id="http"),
    ],
)
def test_an_ascii_destination_is_redirected_to_as_it_was_signed(url):
    assert check_destination(url) is None
    assert location(url) == url


@pytest.mark.parametrize(
    ("url", "ascii_form"),
    [
        pytest.param("https://пример.рф/", "https://xn--e1afmkfd.xn--p1ai/", id="Cyrillic"),
        pytest.param(
            "https://example.com/да?q=и#о",
            "https://example.com/%D0%B4%D0%B0?q=%D0%B8#%D0%BE",
            id="Cyrillic later",
        ),
        pytest.param(
            "https://faß.de/", "https://xn--fa-hia.de/", id="a German sharp s, as browsers read it, not as ss"
        ),
        pytest.param("https://FAẞ.de/", "https://xn--fa-hia.de/", id="a German capital sharp s"),
        pytest.param("https://βόλος.com/", "https://xn--nxasmm1c.com/", id="a Greek final sigma"),
        pytest.param("https://ΒΌΛΟΣ.com/", "https://xn--nxasmq6b.com/", id="a Greek capital sigma is a plain one"),
        pytest.param("https://例え。テスト/", "https://xn--r8jz45g.xn--zckzah/", id="a Japanese full stop"),
        pytest.param(
            "https://例え．テスト｡jp/", "https://xn--r8jz45g.xn--zckzah.jp/", id="full-width and half-width dots"
        ),
        pytest.param("https://ＥＸＡＭＰＬＥ.com/", "https://example.com/", id="full-width letters"),
        pytest.param("https://exa\u00admple.com/", "https://example.com/", id="a soft hyphen"),
        pytest.param("https://exa\u200bmple.com/", "https://example.com/", id="a blank of no width"),
        pytest.param("https://i❤\ufe0f.ws/", "https://xn--i-7iq.ws/", id="a red heart is a heart"),
        pytest.param("https://\u212aelvin.example/", "https://kelvin.example/", id="a Kelvin sign is a k"),
        pytest.param("https://é:ü@example.com/", "https://%C3%A9:%C3%BC@example.com/", id="a user beyond ASCII"),
        pytest.param("https://bücher.example:8443/", "https://xn--bcher-kva.example:8443/", id="a port after it"),
        pytest.param('https://example.com/a b"<c>', "https://example.com/a%20b%22%3Cc%3E", id="what no header bears"),
        pytest.param("https://example.com/%D1%81é", "https://example.com/%D1%81%C3%A9", id="encoded and plain, mixed"),
        pytest.param("https://example.com/\U0001f337", "https://example.com/%F0%9F%8C%B7", id="beyond the basic plane"),
    ],
)
def test_location_is_the_ascii_form_a_browser_would_ask_for(url, ascii_form):
    assert check_destination(url) is None
    assert location(url) == ascii_form


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("", id="nothing"),
        pytest.param("javascript:alert(1)", id="case 19: javascript"),
        pytest.param("JaVaScRiPt://example.com/%0aalert(1)", id="case 19: javascript with a host"),
        pytest.param("data:text/html,x", id="data"),
        pytest.param("mailto:a@example.com", id="case 14: mailto"),
        pytest.param("tel:+491234", id="case 14: tel"),
        pytest.param("cid:part1", id="case 14: cid"),
        pytest.param("#anchor", id="case 14: an anchor"),
        pytest.param("/path", id="relative"),
        pytest.param("//example.com/", id="without a scheme"),
        pytest.param("ftp://example.com/", id="ftp"),
        pytest.param("https:example.com", id="no slashes"),
        pytest.param("https:/example.com", id="one slash"),
        pytest.param("https:///example.com", id="no host"),
        pytest.param("https://?a=1", id="a query for a host"),
        pytest.param("https://:443/", id="a port alone"),
        pytest.param("https://user@/", id="a user alone"),
        pytest.param("https://./", id="a dot alone"),
        pytest.param("https://a..example/", id="an empty label"),
        pytest.param("https://a..exämple/", id="an empty label, beyond ASCII"),
        pytest.param(f"https://{'a' * 64}.example/", id="a label too long"),
        pytest.param(f"https://{'ä' * 60}.example/", id="a label too long in Punycode"),
        pytest.param("https://" + "a." * 127 + "example/", id="a host too long"),
        pytest.param("https://example.com:port/", id="a port of letters"),
        pytest.param("https://example.com:123456/", id="a port of six digits"),
        pytest.param("https://example.com:\u0661/", id="a port of Arabic digits"),
        pytest.param("http\u017f://example.com/", id="a long s in the scheme"),
        pytest.param("https://exa mple.com/", id="a blank in the host"),
        pytest.param("https://exa%6dple.com/", id="a percent sign in the host"),
        pytest.param("https://example.com\\@evil.example/", id="a back-slash before another host"),
        pytest.param("https://example.com/\\evil.example", id="a back-slash in the path"),
        pytest.param("https:\\\\example.com", id="back-slashes for slashes"),
        pytest.param("https://[::1", id="a bracket open"),
        pytest.param("https://[fe80::1%25eth0]/", id="a zone"),
        pytest.param("https://[zz]/", id="a bracket around no address"),
        pytest.param("https://℀.example/", id="a sign that stands for a slash"),
        pytest.param("https://evil.c\u2100.example.com", id="a sign that ends the host early"),
        pytest.param("https://example.com/\r\nSet-Cookie: a=b", id="CRLF"),
        pytest.param("https://example.com/\n", id="a line feed at the end"),
        pytest.param("https://example.com/\0", id="NUL"),
        pytest.param("https://example.com/\x7f", id="DEL"),
        pytest.param("https://example.com/\x85", id="a C1 control"),
        pytest.param("\nhttps://example.com/", id="a line feed before it"),
        pytest.param(" https://example.com/", id="a blank before it"),
        pytest.param("https://example.com/\ud800", id="a lone surrogate"),
    ],
)
def test_what_must_not_be_redirected_to_is_neither_signed_nor_sent(url):
    assert check_destination(url) is SkipReason.UNSAFE
    with pytest.raises(ConfigError) as caught:
        location(url)
    assert not url or url not in str(caught.value)


HOSTS = st.lists(
    st.text(string.ascii_letters + string.digits + "-", min_size=1, max_size=10), min_size=1, max_size=6
).map(".".join)
ASCII_SIGNS = "".join(chr(code) for code in range(33, 127) if chr(code) not in '\\"<>')
DESTINATIONS = st.builds(
    lambda scheme, user, host, port, rest: f"{scheme}://{user}{host}{port}{rest}",
    st.sampled_from(["http", "https", "HTTPS", "Http"]),
    st.sampled_from(["", "user@", "u:p@", "a@b@"]),
    HOSTS | st.sampled_from(["[::1]", "[2001:db8::1]", "127.0.0.1", "a_b.example"]),
    st.sampled_from(["", ":", ":80", ":65535"]),
    st.just("") | st.tuples(st.sampled_from("/?#"), st.text(ASCII_SIGNS, max_size=60)).map("".join),
)


@given(DESTINATIONS)
def test_law_ascii_destinations_stay_as_they_were_signed(url):
    assert check_destination(url) is None
    assert location(url) == url


NEARLY = st.builds(
    lambda scheme, authority, rest: f"{scheme}://{authority}{rest}",
    st.sampled_from(["http", "https", "HTTPS"]),
    st.text(max_size=25) | HOSTS,
    st.sampled_from(["", "/", "?", "#"]).flatmap(lambda sign: st.text(max_size=40).map(lambda rest: sign + rest)),
)


@given(st.text(max_size=60) | NEARLY)
@example("https://\u212a/")
@example("https://h/\u2028")
def test_law_location_is_printable_ascii_or_refused_and_settles_at_once(url):
    if check_destination(url) is not None:
        with pytest.raises(ConfigError):
            location(url)
        return
    found = location(url)
    assert found.isascii()
    assert found.isprintable()
    assert " " not in found
    assert urlsplit(found).scheme in ("http", "https")
    assert check_destination(found) is None
    assert location(found) == found


@given(HOSTS, st.text("abc/?#@:.%-_~", max_size=20))
def test_law_the_short_way_and_the_long_way_agree(host, rest):
    """A destination that needs no second look is judged as it would be with one."""
    for url in (f"https://{host}{rest}", f"https://{rest}{host}"):
        slow = url + ("" if "/" in url[8:] or "?" in url[8:] or "#" in url[8:] else "/") + "\u00e9"
        assert check_destination(url) == check_destination(slow)


@pytest.mark.parametrize("unit", ["a", "a.", "@", ":", "[", "é", "é.", "/", "a@"])
def test_a_destination_eight_times_as_long_takes_about_eight_times_as_long(unit):
    short, long = ("https://" + unit * (length // len(unit)) for length in (5_000, 40_000))
    assert not takes_more(check_destination, short, long, times=24, beside=0.002)


# short links


def test_frozen_short_names():
    """They stand in mails, and in the manifests of hosts."""
    assert short_name(1, "https://example.com/") == "shDx4Chh1LPh91w"
    assert short_name(2, "https://example.com/") == "sSK-1ch0KFS9cEQ"
    assert short_name(1, "https://example.com/é", Channel.TEXT) == "s7vDVYanCd015Fg"


@given(st.integers(0, 10**6), st.text(max_size=60), st.sampled_from(Channel))
def test_law_a_short_name_is_short_and_ends_in_a_letter(number, url, channel):
    """So that punctuation hung on by a gateway can be told from it, and nothing else has its form."""
    name = short_name(number, url, channel)
    assert len(name) == 15
    assert name[0] == "s"
    assert set(name) <= set(ALPHABET)
    assert name[-1] in "AQgw"
    assert parse(f"/c/{TOKEN}/{name})>.") == Path(kind="c", token=TOKEN, link=name)


@given(st.integers(0, 50), st.text(max_size=20), st.sampled_from(Channel), st.integers(0, 50), st.text(max_size=20))
def test_law_another_link_has_another_name(number, url, channel, other_number, other_url):
    same = (number, url) == (other_number, other_url)
    assert (short_name(number, url, channel) == short_name(other_number, other_url, channel)) is same


def test_the_limit_is_the_designs():
    assert MAX_URL_LENGTH == 2_000


def test_a_path_of_nothing_but_escapes_is_not_decoded():
    """Fifteen thousand characters of it cost more than all else of a request."""
    escaped = "/o/" + "%41" * 5000 + ".gif"
    with pytest.raises(BadToken):
        parse(escaped + "x")
    assert parse(escaped).token == "%41" * 5000
    assert parse("/o/" + "%41" * 256 + ".gif").token == "A" * 256
    assert (route_of(escaped), route_of("/%6f/x"), route_of("/x"), route_of("")) == ("o", "o", "", "")


@pytest.mark.parametrize(
    ("url", "forms"),
    [
        ("https://example.com/a", ("https://example.com/a",)),
        ("HTTPS://Example.com:443/A", ("https://example.com/A", "HTTPS://Example.com:443/A")),
        (
            "http://ann@example.com.:8080/?q#f",
            ("http://ann@example.com:8080/?q#f", "http://ann@example.com.:8080/?q#f"),
        ),
        ("https://[2001:DB8::1]:443/", ("https://[2001:db8::1]/", "https://[2001:DB8::1]:443/")),
        (
            "https://bücher.example./ä",
            (
                "https://xn--bcher-kva.example/%C3%A4",
                "https://xn--bcher-kva.example./%C3%A4",
                "https://bücher.example./ä",
            ),
        ),
    ],
)
def test_a_destination_has_the_form_a_browser_ends_up_with_and_those_it_came_in(url, forms):
    assert destination_forms(url) == forms


def test_a_url_in_the_query_is_no_part_of_a_destinations_form():
    url = "https://example.com./?u=https://other.example./"
    assert destination_forms(url) == ("https://example.com/?u=https://other.example./", url)


# what a provider carries, and what a manifest says


@pytest.mark.parametrize("longest", [1, 20, 0])
def test_a_token_is_carried_in_pieces_and_comes_back_whole(longest):
    pieces = carried(TOKEN, longest)
    bare = TOKEN.replace(".", "")
    assert "".join(pieces.values()) == bare
    assert all(len(piece) <= (longest or len(bare)) for piece in pieces.values())
    assert list(pieces)[:3] == ["mailbeacon", "mailbeacon_2", "mailbeacon_3"][: len(pieces)]
    assert token_in(bare) == token_in(TOKEN) == TOKEN
    assert token_in("bsealed") == "bsealed"
    assert carried(TOKEN) == {"mailbeacon": bare}


def test_a_manifest_names_each_link_and_counts_a_parts_destinations():
    links = [
        Link(number=1, url="https://example.com/", label=""),
        Link(number=2, url="https://example.com/", label=""),
        Link(number=3, url="https://example.com/b", label=""),
        Link(number=4, url="https://example.com/b", label="", channel=Channel.TEXT),
    ]
    targets = [
        Target(number=1, url="https://example.com/", links=2),
        Target(number=2, url="https://example.com/", links=2),
        Target(number=3, url="https://example.com/b", links=2),
        Target(number=4, url="https://example.com/b", channel=Channel.TEXT, links=1),
    ]
    named = {short_name(target.number, target.url, target.channel): target for target in targets}
    assert manifest_of("spring", iter(links)) == Manifest(campaign="spring", targets=named)


@pytest.mark.parametrize(
    ("url", "forms"),
    [
        ("https://evil.example", ("https://evil.example",)),
        ("https://evil.example.", ("https://evil.example", "https://evil.example.")),
        ("https://EVIL.example.:443", ("https://evil.example", "https://EVIL.example.:443")),
        ("https://EVIL.example?x", ("https://evil.example?x", "https://EVIL.example?x")),
        ("https://evil.example.#y", ("https://evil.example#y", "https://evil.example.#y")),
        ("https://u:p@evil.example./a.", ("https://u:p@evil.example/a.", "https://u:p@evil.example./a.")),
    ],
)
def test_a_destination_without_a_path_has_its_forms_too(url, forms):
    assert destination_forms(url) == forms


def test_escapes_that_are_no_text_are_read_as_signs_no_token_has():
    assert parse("/m/o/%ff.gif").token == "\ufffd"
    assert (parse("/m/c/%ff/x").token, parse("/m/c/%61/%62").link) == ("\ufffd", "b")


@pytest.mark.parametrize(
    "url", ["javascript:x", "https://", "https://../x", "https://a..b/", "https://a b/", "https://[x]/"]
)
def test_a_destination_that_may_not_be_redirected_to_is_refused_in_one_way(url):
    with pytest.raises(ConfigError, match=r"^not a destination that may be redirected to$"):
        location(url)
