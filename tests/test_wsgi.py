"""The WSGI application over real HTTP on loopback, and whose word is taken for the client's address."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from io import BytesIO
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIServer
from wsgiref.util import setup_testing_defaults
from wsgiref.validate import validator

import pytest
import servers
from hypothesis import given
from hypothesis import strategies as st
from servers import QuietHandler, serving

from mailbeacon import replying
from mailbeacon.decoding import decode
from mailbeacon.links import Routes
from mailbeacon.model import Actor, Event, Facts, Headers, Kind, Message, Reply, Request, Target, Verdict
from mailbeacon.networks.proxies import TrustedProxies
from mailbeacon.privacy import redact
from mailbeacon.settings import Settings
from mailbeacon.store import MemorySink
from mailbeacon.tokens import TokenSigner
from mailbeacon.web.wsgi import application, raw_url

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
BASE = "http://127.0.0.1/m"
KEY = b"a key of sixteen or more"
SIGNER = TokenSigner([KEY])
TOKEN = SIGNER.sign_message(Message(recipient="u-17", campaign="spring"))
DESTINATION = "https://example.com/a?b=1&c=2"
LINK = SIGNER.sign_link(Target(number=3, url=DESTINATION), "spring")
OPEN = Routes("/m").open(TOKEN)
CLICK = Routes("/m").click(TOKEN, LINK)


class Judge:
    def classify(self, event: Event, earlier=()) -> Verdict:
        return Verdict(actor=Actor.HUMAN)


class Beacon:
    """The least a door needs: answers with the library's own replies, and keeps what was asked."""

    def __init__(self, *trusted_proxies: str, **options: str) -> None:
        self.sink = MemorySink()
        self.settings = Settings(
            base_url=BASE,
            secret_keys=[KEY],
            sink=self.sink,
            trusted_proxies=trusted_proxies,
            clock=lambda: NOW,
            **options,
        )
        self.asked: list[Request] = []

    def handle(self, request: Request) -> Reply:
        self.asked.append(request)
        found = replying.respond(
            request,
            self.settings,
            decode=partial(decode, signer=SIGNER),
            observe=lambda *_: Facts(),
            judge=Judge(),
            redact=partial(redact, address="keep"),
        )
        return replying.deliver(found, self.settings)

    def events(self) -> list[Event]:
        return [event for event, _ in self.sink.events()]


class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = False


@pytest.fixture
def beacon() -> Beacon:
    return Beacon("127.0.0.0/8")


@pytest.fixture
def port(beacon) -> Iterator[int]:
    server = Server(("127.0.0.1", 0), QuietHandler)
    server.set_app(validator(application(beacon)))
    with serving(server) as found:
        yield found


def fetch(port: int, path: str, method: str = "GET", body: bytes | None = None, **headers: str):
    return servers.fetch(port, path, method, body, {name.replace("_", "-"): value for name, value in headers.items()})


def call(app, path: str = "/", method: str = "GET", **environ: object):
    """Call an application without a server, as PEP 3333 says."""
    whole: dict[str, object] = {"PATH_INFO": path, "REQUEST_METHOD": method, **environ}
    setup_testing_defaults(whole)
    started: list[tuple[str, list[tuple[str, str]]]] = []
    chunks = app(whole, lambda status, headers, exc_info=None: started.append((status, headers)))
    return started[0][0], dict(started[0][1]), b"".join(chunks)


def test_an_open_over_http_is_an_image_and_an_event(beacon, port):
    reply, content = fetch(port, OPEN, User_Agent="Mozilla/5.0")
    assert (reply.status, content, reply.getheader("Content-Type")) == (200, replying.PIXEL, "image/gif")
    (event,) = beacon.events()
    assert (event.kind, event.recipient, event.received_at) == (Kind.OPEN, "u-17", NOW)
    assert beacon.asked[0].fields["user-agent"] == "Mozilla/5.0"


def test_a_click_over_http_redirects_and_is_an_event(beacon, port):
    reply, content = fetch(port, CLICK + "?utm_source=x")
    assert (reply.status, reply.getheader("Location"), content) == (302, DESTINATION, b"")
    assert reply.getheader("Referrer-Policy") == "no-referrer"
    assert [event.url for event in beacon.events()] == ["https://example.com/a"]


def test_case_23_head_over_http_has_the_headers_and_no_body(beacon, port):
    reply, content = fetch(port, OPEN, "HEAD")
    assert (reply.status, content, reply.getheader("Content-Length")) == (200, b"", "43")
    assert [event.method for event in beacon.events()] == ["HEAD"]


def test_a_post_over_http_is_405_and_its_body_is_not_read(beacon, port):
    reply, _ = fetch(port, CLICK, "POST", b"x" * 100)
    assert (reply.status, reply.getheader("Allow")) == (405, "GET, HEAD")
    assert beacon.events() == []
    assert beacon.asked[0].body == b""


@pytest.mark.parametrize("path", ["/", "/m/c/x/y", "/m/u/x", "/%00%ff", "/m/c/%zz/%", "/a/../b"])
def test_what_is_not_ours_is_a_404_page(port, path):
    reply, content = fetch(port, path)
    assert reply.status == 404
    assert content.startswith(b"<!doctype html>")


def test_a_percent_encoded_url_is_read_once(beacon, port):
    encoded = OPEN.replace("o", "%6F", 1).replace("-", "%2D").replace("_", "%5F")
    assert fetch(port, encoded)[0].status == 200
    assert len(beacon.events()) == 1


def test_many_readers_at_once_lose_no_event(beacon, port):
    tokens = [SIGNER.sign_message(Message(recipient=f"u-{number}", campaign="spring")) for number in range(60)]

    def read(part: int) -> None:
        for token in tokens[part::6]:
            assert fetch(port, Routes("/m").open(token))[0].status == 200

    threads = [threading.Thread(target=read, args=(part,)) for part in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {event.recipient for event in beacon.events()} == {f"u-{number}" for number in range(60)}


def test_case_25_behind_a_trusted_proxy_the_event_has_the_clients_address(beacon, port):
    """The field the proxy does not write is the client's own: it neither gives nor hides an address."""
    fetch(port, OPEN, X_Forwarded_For="198.51.100.9, 203.0.113.5")
    fetch(port, OPEN, X_Forwarded_For="203.0.113.5", Forwarded="for=1.2.3.4", User_Agent="second")
    fetch(port, OPEN, Forwarded="for=1.2.3.4", User_Agent="third")
    assert [event.address for event in beacon.events()] == ["203.0.113.5", "203.0.113.5", "127.0.0.1"]


@pytest.mark.parametrize("peer", ["", "0.0.0.0"], ids=["gunicorn's", "uWSGI's"])
def test_case_25_on_a_unix_socket_the_peer_is_this_machine(peer):
    for trusted, address in ((("127.0.0.1/32",), "203.0.113.5"), ((), "")):
        beacon = Beacon(*trusted)
        call(application(beacon), OPEN, REMOTE_ADDR=peer, HTTP_X_FORWARDED_FOR="203.0.113.5")
        assert [event.address for event in beacon.events()] == [address]


def test_case_25_the_proxy_may_write_forwarded():
    beacon = Beacon("127.0.0.1/32", proxy_header="Forwarded")
    fields = {"HTTP_FORWARDED": 'for="[2001:db8::7]:4711";proto=https', "HTTP_X_FORWARDED_FOR": "8.8.8.8"}
    call(application(beacon), OPEN, REMOTE_ADDR="127.0.0.1", **fields)
    assert [event.address for event in beacon.events()] == ["2001:db8::7"]


def test_behind_werkzeugs_proxy_fix_the_address_is_found_without_trusted_proxies():
    from werkzeug.middleware.proxy_fix import ProxyFix

    for trusted in ((), ("127.0.0.1/32",)):
        beacon = Beacon(*trusted)
        call(ProxyFix(application(beacon)), OPEN, REMOTE_ADDR="127.0.0.1", HTTP_X_FORWARDED_FOR="203.0.113.5")
        assert [event.address for event in beacon.events()] == ["203.0.113.5"]


def test_the_application_works_under_any_mount_and_in_the_validator():
    beacon = Beacon()
    app = validator(application(beacon))
    for mount in ("", "/m", "/very/deep/mount"):
        whole: dict[str, object] = {
            "SCRIPT_NAME": mount,
            "PATH_INFO": CLICK.removeprefix("/m"),
            "REMOTE_ADDR": "192.0.2.1",
            "QUERY_STRING": "",
        }
        setup_testing_defaults(whole)
        status = []
        reply = app(whole, lambda text, headers, exc_info=None: status.append(text))  # noqa: B023 - called at once
        assert b"".join(reply) == b""
        reply.close()
        assert status == ["302 Found"]
    assert len(beacon.asked) == 3


def test_the_body_of_a_get_is_not_touched():
    class Untouchable(BytesIO):
        def read(self, *_: object) -> bytes:
            raise AssertionError("the body was read")

    status, _, _ = call(application(Beacon()), OPEN, **{"wsgi.input": Untouchable(), "CONTENT_LENGTH": "5"})
    assert status == "200 OK"


@pytest.mark.parametrize(
    ("environ", "url"),
    [
        pytest.param({"PATH_INFO": "/o/a.gif"}, "/o/a.gif", id="a plain path"),
        pytest.param(
            {"SCRIPT_NAME": "/m", "PATH_INFO": "/o/a.gif", "QUERY_STRING": "x=1"}, "/m/o/a.gif?x=1", id="mounted"
        ),
        pytest.param({"PATH_INFO": "/c/a%41"}, "/c/a%2541", id="a decoded percent sign is encoded again"),
        pytest.param({"PATH_INFO": "/c/a?b"}, "/c/a%3Fb", id="a decoded question mark does not begin a query"),
        pytest.param({"PATH_INFO": "/\xc3\xa9"}, "/%C3%A9", id="UTF-8 as WSGI hands it over"),
        pytest.param({"PATH_INFO": "/x", "REQUEST_URI": "/m/%78?q"}, "/m/%78?q", id="REQUEST_URI is the client's text"),
        pytest.param({"PATH_INFO": "/x", "RAW_URI": "/m/%78?q"}, "/m/%78?q", id="RAW_URI too"),
        pytest.param({"PATH_INFO": "/x", "RAW_URI": ""}, "/x", id="an empty RAW_URI says nothing"),
        pytest.param({}, "", id="nothing"),
    ],
)
def test_the_url_is_the_clients_own_text_where_the_server_tells_it(environ, url):
    assert raw_url(environ) == url


@given(
    path=st.text(st.characters(max_codepoint=255), max_size=40), query=st.text(max_size=10), method=st.text(max_size=8)
)
def test_law_3_no_request_makes_the_application_raise(path, query, method):
    status, headers, _ = call(application(Beacon()), path, method, QUERY_STRING=query, HTTP_X_FORWARDED_FOR=query)
    assert status[:3] in ("200", "404", "405")
    assert "Content-Type" in headers


# the client's address


TRUSTED = ("10.0.0.0/8", "2001:db8:ffff::/48", "127.0.0.1/32")


@pytest.mark.parametrize(
    ("peer", "headers", "client"),
    [
        pytest.param("192.0.2.1", {"X-Forwarded-For": "198.51.100.9"}, "192.0.2.1", id="a stranger is not believed"),
        pytest.param("192.0.2.1", {"Forwarded": "for=198.51.100.9"}, "192.0.2.1", id="nor by the other header"),
        pytest.param("10.0.0.1", {}, "10.0.0.1", id="a proxy that says nothing"),
        pytest.param("10.0.0.1", {"X-Forwarded-For": "192.0.2.7"}, "192.0.2.7", id="one proxy"),
        pytest.param("10.0.0.1", {"X-Forwarded-For": "192.0.2.7, 10.9.9.9"}, "192.0.2.7", id="two proxies"),
        pytest.param(
            "10.0.0.1", {"X-Forwarded-For": "8.8.8.8, 192.0.2.7"}, "192.0.2.7", id="what the client wrote itself"
        ),
        pytest.param(
            "10.0.0.1", {"X-Forwarded-For": "10.1.1.1, 10.2.2.2"}, "10.1.1.1", id="a client inside the network"
        ),
        pytest.param("10.0.0.1", {"X-Forwarded-For": "192.0.2.7:51234"}, "192.0.2.7", id="with a port"),
        pytest.param("10.0.0.1", {"X-Forwarded-For": "2001:db8::7"}, "2001:db8::7", id="IPv6"),
        pytest.param("10.0.0.1", {"X-Forwarded-For": "[2001:DB8::7]:443"}, "2001:db8::7", id="IPv6 with a port"),
        pytest.param("10.0.0.1", {"X-Forwarded-For": "::ffff:192.0.2.7"}, "192.0.2.7", id="IPv4 inside IPv6"),
        pytest.param(
            "::ffff:10.0.0.1", {"X-Forwarded-For": "192.0.2.7"}, "192.0.2.7", id="a proxy seen as IPv4 inside IPv6"
        ),
        pytest.param("10.0.0.1", {"X-Forwarded-For": "fe80::1%eth0"}, "fe80::1", id="a zone"),
        pytest.param("10.0.0.1", {"X-Forwarded-For": "unknown"}, "", id="a proxy that does not know"),
        pytest.param("10.0.0.1", {"X-Forwarded-For": "192.0.2.7,"}, "", id="an empty hop"),
        pytest.param("10.0.0.1", {"Forwarded": "for=192.0.2.7"}, "192.0.2.7", id="Forwarded"),
        pytest.param(
            "10.0.0.1", {"Forwarded": "proto=https; For=192.0.2.7 ;by=10.0.0.1"}, "192.0.2.7", id="among others"
        ),
        pytest.param("10.0.0.1", {"Forwarded": 'for="[2001:db8::7]:4711"'}, "2001:db8::7", id="quoted IPv6"),
        pytest.param("10.0.0.1", {"Forwarded": r'for="192.0.2.\7"'}, "192.0.2.7", id="quoted with an escape"),
        pytest.param(
            "10.0.0.1", {"Forwarded": 'host="a,b;for=8.8.8.8", for=192.0.2.7'}, "192.0.2.7", id="a comma in quotes"
        ),
        pytest.param("10.0.0.1", {"Forwarded": "for=8.8.8.8, for=192.0.2.7, for=10.3.3.3"}, "192.0.2.7", id="a chain"),
        pytest.param("10.0.0.1", {"Forwarded": "for=_hidden"}, "", id="an obfuscated name"),
        pytest.param(
            "10.0.0.1", {"Forwarded": "for=192.0.2.7, for=_proxy"}, "", id="an obfuscated proxy hides who is before it"
        ),
        pytest.param("10.0.0.1", {"Forwarded": 'for="192.0.2.7'}, "", id="an open quote"),
        pytest.param("10.0.0.1", {"Forwarded": "proto=https"}, "", id="Forwarded without a client"),
        pytest.param(
            "10.0.0.1", {"X-Real-IP": "8.8.8.8", "X-Forwarded-For": "192.0.2.7"}, "192.0.2.7", id="another field"
        ),
        pytest.param(
            "10.0.0.1",
            {"Forwarded": "for=8.8.8.8", "X-Forwarded-For": "192.0.2.7"},
            "192.0.2.7",
            id="a field the client added does not hide it",
        ),
        pytest.param("2001:db8:ffff::1", {"X-Forwarded-For": "192.0.2.7"}, "192.0.2.7", id="an IPv6 proxy"),
        pytest.param("", {"X-Forwarded-For": "192.0.2.7"}, "192.0.2.7", id="a Unix socket is this machine"),
        pytest.param("", {}, "", id="a Unix socket and no header"),
        pytest.param("not an address", {"X-Forwarded-For": "192.0.2.7"}, "", id="a peer that is no address"),
        pytest.param("10.0.0.1", {"X-Forwarded-For": "192.0.2.7" + " " * 9000}, "", id="a field too long to look at"),
    ],
)
def test_the_clients_address_is_what_the_last_trusted_proxy_says(peer, headers, client):
    header = "Forwarded" if [*headers] == ["Forwarded"] else "X-Forwarded-For"
    assert TrustedProxies(TRUSTED, header=header).client(peer, Headers(headers)) == client


def test_one_field_that_holds_a_single_address_can_be_named():
    proxies = TrustedProxies(["127.0.0.1/32"], header="X-Real-IP")
    fields = Headers({"X-Real-IP": "192.0.2.7", "X-Forwarded-For": "8.8.8.8", "Forwarded": "for=8.8.4.4"})
    assert proxies.client("", fields) == "192.0.2.7"


def test_without_trusted_proxies_not_even_a_unix_socket_is_believed():
    assert TrustedProxies().client("", Headers({"X-Forwarded-For": "192.0.2.7"})) == ""
    assert TrustedProxies().client("127.0.0.1", Headers({"X-Forwarded-For": "192.0.2.7"})) == "127.0.0.1"


fields = st.text(st.sampled_from('for=10.2,;"\\ []:_F\t'), max_size=60) | st.text(max_size=30)


@given(client=st.ip_addresses().map(str), spoofed=fields, header=st.sampled_from(["Forwarded", "X-Forwarded-For"]))
def test_law_no_text_before_the_proxys_own_makes_anyone_another(client, spoofed, header):
    """Whatever the client writes, the address found is its own, or unknown where that breaks the field's form."""
    own = f'for="[{client}]:1"' if header == "Forwarded" and ":" in client else client
    own = own if header == "X-Forwarded-For" or own.startswith("for") else f"for={own}"
    proxies = TrustedProxies(["172.16.0.1/32"], header=header)
    expected = proxies.client(client, Headers())
    found = proxies.client("172.16.0.1", Headers({header: f"{spoofed}, {own}"}))
    assert found == expected or (found == "" and header == "Forwarded") or expected == "172.16.0.1"


@given(field=fields, other=fields)
def test_law_any_header_gives_an_address_or_nothing(field, other):
    headers = Headers({"Forwarded": field, "X-Forwarded-For": other})
    found = TrustedProxies(["10.0.0.0/8"], header="Forwarded").client("10.0.0.1", headers)
    assert found == TrustedProxies().client(found, Headers())


@given(st.ip_addresses(), st.sampled_from(["{}", " {} ", '"{}"', "[{}]", "[{}]:443", "{}%eth0"]))
def test_law_an_address_is_told_in_one_form(address, form):
    mapped = getattr(address, "ipv4_mapped", None)
    assert TrustedProxies().client(form.format(address), Headers()) == str(mapped or address)
