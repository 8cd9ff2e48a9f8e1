"""The doors under hostile requests: never an error, never a redirect without a valid signature, never a header of theirs."""

from __future__ import annotations

from urllib.parse import quote, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from loops import run

import mailbeacon as mb
from mailbeacon.store import MemorySink
from mailbeacon.web import asgi, wsgi
from tests.making import beacon

KEY = b"0123456789abcdef0123456789abcdef"
SHOP = "https://shop.example/a?b=1"
EVIL = "https://evil.example/"
SINK = MemorySink()
BEACON = beacon(secret_keys=[KEY], sink=SINK, trusted_proxies=["127.0.0.1/32"])
FOREIGN = beacon(secret_keys=[b"another key of sixteen"])
MESSAGE = mb.Message(recipient="u-17", campaign="spring")
OTHER = mb.Message(recipient="u-17", campaign="autumn")


def path(url: str) -> str:
    return urlsplit(url).path


CLICK = path(BEACON.click_url(MESSAGE, SHOP))
OPEN_TOKEN = path(BEACON.open_url(MESSAGE)).split("/")[-1].removesuffix(".gif")
MESSAGE_TOKEN, LINK_TOKEN = CLICK.split("/")[-2:]
AUTUMN_LINK = path(BEACON.click_url(OTHER, SHOP)).split("/")[-1]
EVIL_LINK = path(FOREIGN.click_url(MESSAGE, EVIL)).split("/")[-1]
EVIL_CLICK = path(FOREIGN.click_url(MESSAGE, EVIL))

_DESTINATIONS = [
    EVIL,
    "//evil.example",
    "/\\evil.example",
    "https:evil.example",
    "javascript:alert(1)",
    "\thttps://evil.example",
]
_NAMES = [
    "url",
    "u",
    "to",
    "next",
    "redirect",
    "redirect_uri",
    "dest",
    "r",
    "return",
    "goto",
    "dest_url",
    "link",
    "target",
    "out",
    "view",
]
SHAPES = [
    *[f"/m/c/{MESSAGE_TOKEN}/{quote(one, safe='')}" for one in _DESTINATIONS],
    *[f"/m/c/{MESSAGE_TOKEN}/{one}" for one in _DESTINATIONS],
    *[f"/m/c/{quote(one, safe='')}" for one in _DESTINATIONS],
    *[f"/m/c/{MESSAGE_TOKEN}/?{name}={quote(EVIL)}" for name in _NAMES],
    *[f"/m/o/{OPEN_TOKEN}.gif?{name}={quote(EVIL)}" for name in _NAMES],
    *[f"/m/u/{OPEN_TOKEN}?{name}={quote(EVIL)}" for name in _NAMES],
    *[f"{prefix}{EVIL_CLICK}" for prefix in ("", "/m", "//evil.example", "/x/..", "/%2e%2e", "/;a=b", "https://evil.example")],
    f"/m/c/{MESSAGE_TOKEN}/{EVIL_LINK}",
    f"/m/c/{MESSAGE_TOKEN}/{AUTUMN_LINK}",
    f"/m/c/{MESSAGE_TOKEN}/{MESSAGE_TOKEN}",
    f"/m/c/{LINK_TOKEN}/{LINK_TOKEN}",
    f"/m/c/{LINK_TOKEN}/{MESSAGE_TOKEN}",
    f"/m/c/{MESSAGE_TOKEN}",
    f"/m/c/{MESSAGE_TOKEN}/{LINK_TOKEN[:-1]}",
    f"/m/c/{MESSAGE_TOKEN}/{LINK_TOKEN[:-2]}AA",
    f"/m/c/{MESSAGE_TOKEN}/{LINK_TOKEN.swapcase()}",
    f"/m/c/{MESSAGE_TOKEN}/{LINK_TOKEN.replace('.', '%2E%2E')}",
    f"/m/c/{MESSAGE_TOKEN}/{quote(quote(LINK_TOKEN, safe=''), safe='').replace('a', '%2561')}",
    f"/m/c/{MESSAGE_TOKEN}/{LINK_TOKEN}{LINK_TOKEN}",
    f"/m/c/{MESSAGE_TOKEN}/b{LINK_TOKEN[1:]}",
    f"/m/c/{MESSAGE_TOKEN}/s{LINK_TOKEN[1:15]}",
    f"/m/c/{MESSAGE_TOKEN}//{EVIL_LINK}",
    f"/m/c/{MESSAGE_TOKEN}/%00{LINK_TOKEN}",
    f"/m/c/{MESSAGE_TOKEN}/%0d%0aLocation:%20{quote(EVIL, safe='')}",
    f"/m/c/{MESSAGE_TOKEN}/%E5%98%8D%E5%98%8ALocation:{quote(EVIL, safe='')}",
    f"/m/o/{OPEN_TOKEN}",
    "/m/c/",
    "/m/c//",
    "/m/c/./.",
    "/c/" + "a" * 20_000 + "/" + "b" * 20_000,
]  # fmt: skip


def by_wsgi(url: str, method: str = "GET", **environ: str) -> tuple[int, list[tuple[str, str]]]:
    found: list[tuple[int, list[tuple[str, str]]]] = []
    target, _, query = url.partition("?")
    whole = {"REQUEST_METHOD": method, "PATH_INFO": target, "RAW_URI": url, "QUERY_STRING": query, **environ}
    body = wsgi.application(BEACON)(
        whole, lambda status, headers, exc_info=None: found.append((int(status[:3]), headers))
    )
    assert b"evil.example" not in b"".join(body)
    return found[0]


APP = asgi.application(BEACON)


def by_asgi(
    url: str, method: str = "GET", headers: tuple[tuple[bytes, bytes], ...] = ()
) -> tuple[int, list[tuple[str, str]]]:
    sent = []
    target, _, query = url.encode("utf-8", "surrogateescape").partition(b"?")
    scope = {
        "type": "http",
        "method": method,
        "path": "/",
        "raw_path": target,
        "query_string": query,
        "headers": headers,
    }

    async def receive():
        return {"type": "http.request", "body": b""}

    async def send(message):
        sent.append(message)

    run(APP(scope, receive, send))
    return sent[0]["status"], [(name.decode("latin-1"), value.decode("latin-1")) for name, value in sent[0]["headers"]]


def test_there_are_at_least_eighty_shapes():
    assert len(set(SHAPES)) >= 80


@pytest.mark.parametrize("door", [by_wsgi, by_asgi])
@pytest.mark.parametrize("url", SHAPES, ids=range(len(SHAPES)))
def test_no_shape_redirects_to_anywhere(url, door):
    status, headers = door(url)
    assert status in (200, 404)
    assert "location" not in {name.lower() for name, _ in headers}


@pytest.mark.parametrize("door", [by_wsgi, by_asgi])
@pytest.mark.parametrize(
    "url", [f"{CLICK}?{name}={quote(EVIL)}" for name in _NAMES] + [f"{CLICK}#{EVIL}", f"{CLICK}?%0d%0aX:1"]
)
def test_what_is_added_to_a_true_link_changes_nothing(url, door):
    status, headers = door(url)
    assert status == 302
    assert [value for name, value in headers if name.lower() == "location"] == [SHOP]


_HOSTILE = [
    ("Host", "evil.example"),
    ("X-Forwarded-Host", "evil.example"),
    ("X-Forwarded-Proto", "http"),
    ("X-Original-URL", EVIL_CLICK),
    ("X-Rewrite-URL", EVIL_CLICK),
    ("X-HTTP-Method-Override", "DELETE"),
    ("Forwarded", "for=evil;host=evil.example"),
    ("X-Forwarded-For", "evil\r\nSet-Cookie: a=b"),
    ("Referer", "https://evil.example/\r\n\r\n<script>"),
    ("User-Agent", "\x00\x1b[31m" + "A" * 70_000),
    ("Range", "bytes=0-0,1-1" * 500),
    ("If-None-Match", "*"),
    ("Origin", "https://evil.example"),
]


@pytest.mark.parametrize(("name", "value"), _HOSTILE, ids=[name for name, _ in _HOSTILE])
def test_no_header_of_a_client_changes_the_reply_or_comes_back_in_it(name, value):
    plain = by_wsgi(CLICK, HTTP_USER_AGENT="x")
    assert by_wsgi(CLICK, **{f"HTTP_{name.upper().replace('-', '_')}": value}) == plain
    assert by_asgi(CLICK, headers=((name.lower().encode(), value.encode("latin-1")),))[0] == 302
    for field, text in plain[1]:
        assert "evil" not in text.lower(), field
        assert "\n" not in text


def test_replies_are_kept_out_of_caches_and_search_engines():
    for url in (CLICK, path(BEACON.open_url(MESSAGE)), "/m/c/x/y"):
        fields = {name.lower(): value for name, value in by_wsgi(url)[1]}
        assert "no-store" in fields["cache-control"]
        assert fields.get("x-robots-tag") == "noindex" or fields["content-type"] == "image/gif"


def test_case_24_no_number_of_requests_from_one_address_is_refused():
    """Gmail's proxies fetch for thousands of readers from few addresses."""
    for number in range(300):
        message = mb.Message(recipient=f"u-{number}", campaign="spring")
        assert by_wsgi(path(BEACON.open_url(message)), REMOTE_ADDR="66.249.84.1")[0] == 200


_text = st.text(max_size=60) | st.sampled_from(
    [MESSAGE_TOKEN, LINK_TOKEN, OPEN_TOKEN, EVIL, "c", "o", "u", "..", "%", "?"]
)


@settings(max_examples=150)
@given(
    parts=st.lists(_text, max_size=5),
    method=st.sampled_from(["GET", "HEAD", "POST", "PUT", "", "get", "\0"]) | st.text(max_size=5),
    header=st.text(st.characters(max_codepoint=255), max_size=40),
)
def test_law_any_request_gets_a_reply_and_only_a_signed_link_redirects(parts, method, header):
    url = "/" + "/".join(parts)
    request = mb.Request(url=url, method=method, headers={"X-Forwarded-For": header, "User-Agent": header})
    reply = BEACON.answer(request).reply
    address = header.encode("latin-1")
    answers = by_wsgi(url, method, HTTP_X_FORWARDED_FOR=header), by_asgi(url, method, ((b"x-forwarded-for", address),))
    for status, headers in ((reply.status, reply.headers), *answers):
        assert status in (200, 302, 400, 404, 405, 410)
        location = [value for name, value in headers if name.lower() == "location"]
        assert location in ([], [SHOP])
