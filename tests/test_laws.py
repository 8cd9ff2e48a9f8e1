"""The laws of the design, as a host meets them: at the facade, over any input. Each test is named after its law."""

from __future__ import annotations

import logging
import re
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import mailbeacon as mb
from mailbeacon.errors import TokenError
from mailbeacon.fake import BUSINESS, CONSUMER, simulate
from mailbeacon.privacy import redact
from mailbeacon.replying import PIXEL
from mailbeacon.store import JsonlSink, SqliteSink
from mailbeacon.tokens import TokenSigner
from tests import making

BASE = "https://t.example.com/m"
KEY = b"0123456789abcdef"
SENT = datetime(2026, 11, 23, 9, tzinfo=UTC)
LATER = SENT + timedelta(hours=2)
MESSAGE = mb.Message(recipient="u-17", campaign="spring", sent_at=SENT)
BEACON = making.beacon()
OPEN = BEACON.open_url(MESSAGE)
CLICK = BEACON.click_url(MESSAGE, "https://example.com/a")
LOGGER = "mailbeacon"

PIECES = st.sampled_from(
    [
        '<a href="https://example.com/a?x=1&amp;y=2">Read</a>',
        "<A HREF='HTTPS://example.com/it&#39;s'>",
        "<a href=https://example.com/b>on</a>",
        '<a href=" \nhttps://example.com/c">',
        '<area href="https://example.com/map">',
        '<a href="mailto:a@example.com">',
        '<a href="{{ url }}">',
        '<!--[if mso]><v:rect href="https://example.com/d"></v:rect><![endif]-->',
        "<![if !mso]>x<![endif]>",
        "<svg><a xlink:href='https://example.com/e'>",
        "</svg>",
        "<!-- ",
        "-->",
        "<script>",
        "</script>",
        "<textarea>",
        "<body>",
        "</body>",
        "</html>",
        "<html>",
        "&nbsp;é\r\n",
        '<p title="a > b">',
        "<",
        '"',
        "\0",
    ]
)
DOCUMENTS = st.lists(PIECES | st.text(max_size=6), max_size=14).map("".join)
NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="@"), min_size=1, max_size=20)
MESSAGES = st.builds(
    mb.Message,
    recipient=NAMES,
    campaign=NAMES,
    id=st.just("") | NAMES,
    variant=st.just("") | NAMES,
    sent_at=st.none() | st.just(SENT),
    opens=st.sampled_from([mb.Level.NONE, mb.Level.FULL]),
    clicks=st.sampled_from([mb.Level.NONE, mb.Level.FULL]),
)


def clicks(html):
    return re.findall(re.escape(BASE) + r"/c/[\w./-]+", html)


def asked(url, **fields):
    return making.request(url, **{"address": "", "received_at": LATER, **fields})


# 1. Locality


@given(DOCUMENTS, MESSAGES)
def test_law_1_outside_the_listed_edits_the_output_is_the_input(html, message):
    done = BEACON.rewrite(html, message)
    at, made, rest = 0, [], []
    for edit in done.edits:
        assert html[edit.start : edit.end] == edit.old
        made += [html[at : edit.start], edit.new]
        rest.append(html[at : edit.start])
        at = edit.end
    assert "".join([*made, html[at:]]) == done.html
    assert sum(edit.number == 0 for edit in done.edits) <= 1
    assert len([edit for edit in done.edits if edit.number]) == len(done.links)


@given(DOCUMENTS, MESSAGES, st.booleans())
def test_law_1_restoring_is_exact(html, message, text):
    assert BEACON.rewrite(html, message, text=text).restore() == html


@given(DOCUMENTS, MESSAGES)
def test_law_1_rendering_is_rewriting(html, message):
    assert (
        BEACON.compile(html, campaign=message.campaign, verify=False).render(message)
        == BEACON.rewrite(html, message).html
    )


ATTACHED = b"%PDF \0\xff\r\n.\r\nFrom the top\r\n" * 9


@given(
    st.lists(st.sampled_from(["<p>Hi</p>\n", '<a href="https://example.com/a">x</a>\n', "é\n", "a=b \n"]), max_size=6)
)
def test_law_1_every_part_of_a_mail_that_is_not_rewritten_keeps_its_bytes(pieces):
    mail = EmailMessage()
    mail["Subject"] = (
        "A subject that is long enough to be folded by whoever writes this header anew, which nobody should do"
    )
    mail["X-Odd"] = "a" * 120
    mail.set_content("".join(pieces) or "none", subtype="html")
    mail.add_attachment(ATTACHED, maintype="application", subtype="pdf", filename="é.pdf")
    raw = mail.as_bytes()
    done = BEACON.compose_bytes(raw, MESSAGE)
    head, _, _ = raw.partition(b"\n\n")
    assert done.partition(b"\n\n")[0] == head
    boundary = b"\n--" + mail.get_boundary().encode()
    assert done.split(boundary)[2:] == raw.split(boundary)[2:]


# 2. Pay once per campaign


class Counting(TokenSigner):
    """Count what is signed."""

    messages = links = 0

    def sign_message(self, message):
        self.messages += 1
        return super().sign_message(message)

    def sign_link(self, target, campaign):
        self.links += 1
        return super().sign_link(target, campaign)


@pytest.mark.parametrize("number", [0, 1, 500])
def test_law_2_one_recipient_is_one_signature_whatever_the_number_of_links(number, monkeypatch):
    """For the document, for the text, and for the whole mail."""
    monkeypatch.setattr("mailbeacon.beacon.incoming.TokenSigner", Counting)
    beacon = making.beacon()
    html = "".join(f'<a href="https://example.com/{n}">x</a>' for n in range(number)) + "<p>"
    text = "".join(f"https://example.com/{n}\n" for n in range(max(1, number)))
    mail = EmailMessage()
    mail["To"] = "reader@example.net"
    mail.set_content(text)
    mail.add_alternative(html, subtype="html")
    template = beacon.compile(html, text, campaign="spring", verify=False)
    whole = beacon.compile_mail(mail, campaign="spring", verify=False)
    made = beacon.signer
    assert isinstance(made, Counting)
    links = made.links
    for work in (template.render, template.render_text, whole.render, template.token):
        before = made.messages
        work(MESSAGE)
        assert made.messages == before + 1, work
    assert made.links == links, "a link was signed for one recipient"


def test_law_2_a_campaigns_links_are_signed_once(monkeypatch):
    """Rewriting one by one signs each link of the campaign once too, whoever gets it."""
    monkeypatch.setattr("mailbeacon.beacon.incoming.TokenSigner", Counting)
    beacon = making.beacon()
    for number in range(5):
        beacon.rewrite(
            '<a href="https://example.com/">x</a>' * 3, mb.Message(recipient=f"u-{number}", campaign="spring")
        )
    assert (beacon.signer.messages, beacon.signer.links) == (5, 3)


# 3. The reader comes first


def fail(*_):
    raise RuntimeError("the disk is full at u-17, 192.0.2.1")


class Failing:
    """Fail at everything a host may supply."""

    version = "broken"
    record = recent = add = classify = lookup = staticmethod(fail)


BROKEN = making.beacon(
    **dict.fromkeys(("sink", "history", "judge", "networks"), Failing()),
    **dict.fromkeys(("on_event", "may_redirect", "clock"), fail),
)
SILENT = making.beacon(consent=fail, sink=Failing())
BEACONS = st.sampled_from([BEACON, BROKEN, SILENT])

URLS = st.one_of(
    st.text(max_size=60),
    st.sampled_from([OPEN, CLICK]),
    st.tuples(st.sampled_from([OPEN, CLICK]), st.text(max_size=12)).map("".join),
    st.tuples(st.sampled_from([OPEN, CLICK]), st.integers(0, 200)).map(lambda cut: cut[0][: cut[1]]),
    st.lists(st.sampled_from(["o", "c", "u", "m", OPEN[-60:], CLICK[-60:], "", "é", "%2e", "\ud800"]), max_size=6).map(
        "/".join
    ),
)
HEADER_NAMES = ["User-Agent", "Referer", "Sec-GPC", "DNT", "Accept", "Purpose", "Sec-CH-UA", "Cookie"]
REQUESTS = st.builds(
    mb.Request,
    url=URLS,
    method=st.sampled_from(["GET", "GET", "HEAD", "POST", ""]) | st.text(max_size=6),
    headers=st.lists(st.tuples(st.sampled_from(HEADER_NAMES), st.text(max_size=30)), max_size=5),
    address=st.ip_addresses().map(str) | st.text(max_size=15),
    received_at=st.none() | st.datetimes(timezones=st.just(UTC)),
    body=st.binary(max_size=30),
)


@pytest.fixture(autouse=True)
def quiet(caplog):
    """Let no expected failure be printed."""
    caplog.set_level(logging.CRITICAL, LOGGER)


many = settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


@many
@given(BEACONS, REQUESTS)
def test_law_3_no_request_raises_whatever_fails(beacon, request_):
    for reply in (beacon.answer(request_).reply, beacon.handle(request_)):
        assert reply.status in (200, 302, 404, 405, 410, 503)
        assert isinstance(reply.body, bytes)


@many
@given(BEACONS, st.text(max_size=40), st.sampled_from(["", "?u=x", ")", "%3E"]))
def test_law_3_the_pixel_is_always_a_pixel(beacon, token, tail):
    assume(not set(token) & set("?#"))
    assume("%" not in token)
    for url in (OPEN + tail, f"{BASE}/o/{token}.gif{tail}"):
        reply = beacon.handle(asked(url, received_at=None))
        assert (reply.status, reply.body) == (200, PIXEL)
        assert ("Content-Type", "image/gif") in reply.headers


@many
@given(
    BEACONS, MESSAGES, st.sampled_from(["https://example.com/?a=1&b=2", "https://bücher.example/é", "http://[::1]/"])
)
def test_law_3_a_verified_link_always_redirects(beacon, message, url):
    assume(message.clicks is mb.Level.FULL)
    wrapped = BEACON.click_url(message, url)
    expected = BEACON.answer(asked(wrapped)).reply
    assert expected.status == 302
    assert beacon.handle(asked(wrapped, received_at=None)) == expected


def test_law_3_no_event_is_lost_silently(caplog):
    """What a failing sink did not keep is in the log by its id, and without what the error said."""
    caplog.set_level(logging.ERROR, LOGGER)
    event = BEACON.answer(asked(OPEN)).event
    making.beacon(sink=Failing()).handle(asked(OPEN))
    assert event.id in caplog.text
    assert "RuntimeError" in caplog.text
    assert "disk" not in caplog.text


# 4. Closed toward abuse


OTHERS = [
    making.beacon(secret_keys=[b"another key of bytes"]),
    making.beacon(namespace="north"),
]


@many
@given(MESSAGES, MESSAGES, st.sampled_from(OTHERS))
def test_law_4_only_a_link_token_of_the_campaign_redirects(message, other, foreign):
    """Neither an open's token alone, nor another campaign's, key's or namespace's, nor an action's."""
    assume(message.campaign != other.campaign)
    signer = BEACON.signer
    hit, target = signer.sign_message(message), mb.model.Target(number=1, url="https://evil.example/")
    stranger = foreign.signer
    for token, link in [
        (hit, hit),
        (hit, signer.sign_link(target, other.campaign)),
        (hit, stranger.sign_link(target, message.campaign)),
        (stranger.sign_message(message), signer.sign_link(target, message.campaign)),
        (signer.sign_action(message), signer.sign_link(target, message.campaign)),
        (signer.sign_link(target, message.campaign), signer.sign_link(target, message.campaign)),
        (hit, "s" + hit[1:15]),
        (hit, ""),
    ]:
        reply = BEACON.handle(asked(BEACON.routes.click(token, link)))
        assert reply.status == 404
        assert not any(name == "Location" for name, _ in reply.headers)
        assert token.encode() not in reply.body


@many
@given(MESSAGES)
def test_law_4_a_hits_token_never_acts(message):
    reply = BEACON.handle(asked(BEACON.routes.leave(BEACON.signer.sign_message(message)), method="POST"))
    assert reply.status in (404, 405)


@many
@given(REQUESTS)
def test_law_4_a_redirect_leads_only_where_the_link_says(request_):
    reply = BEACON.handle(request_)
    locations = [value for name, value in reply.headers if name == "Location"]
    assert locations == (["https://example.com/a"] if reply.status == 302 else [])


@many
@given(MESSAGES, st.ip_addresses().map(str), st.sampled_from([OTHERS[0], BEACON, BROKEN]))
def test_law_4_replies_and_errors_hold_no_token_address_or_recipient(message, address, beacon):
    message = mb.Message(recipient=f"<{message.recipient}>-name", campaign=message.campaign)
    token = BEACON.signer.sign_message(message)
    for url in (BEACON.routes.click(token, token), BEACON.routes.leave(token), BEACON.routes.open(token)):
        request = asked(url, address=f"{address}")
        reply = beacon.handle(request)
        shown = reply.body.decode("latin-1") + repr(reply.headers)
        try:
            beacon.decode(request)
        except (TokenError, RuntimeError) as error:
            shown += str(error) if isinstance(error, TokenError) else ""
        for secret in (token, message.recipient, address if len(address) > 6 else token):
            assert secret not in shown


# 5. A link once mailed works for ever


MAILED_OPEN = "https://t.example.com/m/o/aWyJzcHJpbmciLCJ1LTE3IiwxNzk1NDI0NDAwXQ.STqBxyiujMiU9iYmF9bQYg.gif"
MAILED_CLICK = (
    "https://t.example.com/m/c/aWyJzcHJpbmciLCJ1LTE3IiwxNzk1NDI0NDAwXQ.STqBxyiujMiU9iYmF9bQYg/"
    "aWzEsImh0dHBzOi8vZXhhbXBsZS5jb20vYT9iPTEmYz0yIl0.iU3d3-Ktzw2PpjNs2yyl3Q"
)


@pytest.mark.parametrize("years", [0, 1, 30])
@pytest.mark.parametrize(
    "keys", [[KEY], [KEY, b"a newer key of bytes"], [KEY, b"a newer key of bytes", b"the newest key of all"]]
)
def test_law_5_a_frozen_link_redirects_for_ever(years, keys):
    """Expired means not counted, never dead."""
    beacon = making.beacon(base_url="https://elsewhere.example", secret_keys=keys, max_age=timedelta(days=90))
    moment = SENT + timedelta(days=365 * years, hours=1)
    answer = beacon.answer(asked(MAILED_CLICK, received_at=moment))
    assert (answer.reply.status, answer.reply.headers[0]) == (302, ("Location", "https://example.com/a?b=1&c=2"))
    assert (answer.event.recipient, answer.event.link, answer.event.sent_at) == ("u-17", 1, SENT)
    assert answer.event.expired is (years > 0)
    opened = beacon.answer(asked(MAILED_OPEN, received_at=moment))
    assert (opened.reply.status, opened.event.recipient, opened.event.expired) == (200, "u-17", years > 0)


def test_law_5_a_host_that_stops_tracking_keeps_its_links():
    """Levels, consent and a changed base URL end the counting, not the links."""
    for options in ({"default_level": mb.Level.NONE}, {"consent": lambda *_: mb.Level.NONE}):
        answer = making.beacon(base_url="https://new.example/x", **options).answer(asked(MAILED_CLICK))
        assert (answer.reply.status, answer.event) == (302, None)


def test_law_5_only_the_hosts_own_takedown_stops_a_link():
    beacon = making.beacon(may_redirect=lambda url: "evil" in url)
    assert beacon.handle(asked(MAILED_CLICK)).status == 410


# 6. Judge, then forget


NEWSLETTER = "".join(f'<a href="https://example.com/{number}">Story {number}</a>\n' for number in range(6))
RAW = making.beacon(keep_address="keep", keep_user_agent="keep", keep_headers="keep")


def traffic(audience, seed, recipients=12):
    """Return simulated requests of one mailing, the truth set aside."""
    template = BEACON.compile(NEWSLETTER, campaign="spring", verify=False)
    return [hit.request for hit in simulate(BEACON, template, audience, recipients=recipients, seed=seed, sent_at=SENT)]


@many
@given(st.sampled_from([BUSINESS, CONSUMER]), st.integers(0, 10_000))
def test_law_6_a_verdict_needs_only_the_facts(audience, seed):
    whole = [answer.event for answer in map(RAW.answer, traffic(audience, seed)) if answer.event]
    assume(whole)
    redacted = [redact(event) for event in whole]
    assert any(event.address for event in whole)
    assert not any(event.address or event.user_agent or event.headers for event in redacted)
    assert mb.classify_all(redacted) == mb.classify_all(whole)
    assert [mb.classify(event) for event in redacted] == [mb.classify(event) for event in whole]


@pytest.mark.parametrize("kind", [JsonlSink, SqliteSink], ids=lambda kind: kind.__name__)
def test_law_6_no_address_or_user_agent_is_in_any_stored_byte(kind, tmp_path):
    """Canaries: every address and user agent that was sent, looked for in the files themselves."""
    sink = kind(tmp_path / "events")
    beacon = making.beacon(sink=sink)
    requests = traffic(BUSINESS, 7, recipients=60)
    for number, request in enumerate(requests):
        headers = {**request.fields, "Cookie": f"canary-{number}", "Accept-Language": "xx-canary"}
        beacon.handle(mb.Request(url=request.url, method=request.method, headers=headers, address=request.address,
                                 received_at=request.received_at))  # fmt: skip
    stored = list(sink.events())
    sink.close()
    assert len(stored) > 20
    data = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"u-" in data or b"r-0" in data
    secrets = {request.address for request in requests} | {
        request.fields.get_lower("user-agent") for request in requests
    }
    found = {secret for secret in secrets if len(secret) > 11 and secret.encode() in data}
    assert not found
    assert b"canary" not in data


@many
@given(st.sampled_from(["drop", "truncate", "hash"]), st.ip_addresses(v=4).map(str), st.text(min_size=13, max_size=40))
def test_law_6_nothing_personal_is_recorded_unless_the_host_asks(keep, address, agent):
    beacon = making.beacon(keep_address=keep, keep_user_agent="hash" if keep == "hash" else "drop")
    assume(not address.endswith(".0"))
    event = beacon.answer(asked(CLICK, address=address, headers={"User-Agent": agent})).event
    kept = event.to_json()
    assert f'"{address}"' not in kept
    assert agent not in kept or not agent.strip()


# 8. Tallies merge


EVENTS = [answer.event for answer in map(BEACON.answer, traffic(BUSINESS, 7, recipients=60)) if answer.event]
JUDGED = list(zip(EVENTS, mb.classify_all(EVENTS), strict=True))


def tallied(pairs):
    return mb.tally([event for event, _ in pairs], [verdict for _, verdict in pairs])


@given(
    st.lists(st.sampled_from(JUDGED), max_size=30),
    st.lists(st.integers(0, 30), max_size=3),
    st.randoms(use_true_random=False),
)
def test_law_8_any_split_in_any_order_gives_the_same_tally(pairs, cuts, random):
    whole = tallied(pairs)
    shuffled = list(pairs)
    random.shuffle(shuffled)
    borders = [0, *sorted(min(cut, len(pairs)) for cut in cuts), len(pairs)]
    parts = [tallied(shuffled[start:end]) for start, end in pairwise(borders)]
    random.shuffle(parts)
    merged = tallied([])
    for part in parts:
        merged = merged.merge(mb.Tally.from_json(part.to_json()))
    assert merged == whole
    assert merged.to_json() == whole.to_json()


@given(*[st.lists(st.sampled_from(JUDGED), max_size=12)] * 3)
def test_law_8_merging_is_a_commutative_monoid(one, two, three):
    a, b, c, nothing = tallied(one), tallied(two), tallied(three), tallied([])
    assert a.merge(b) == b.merge(a)
    assert a.merge(b).merge(c) == a.merge(b.merge(c))
    assert a.merge(nothing) == a == nothing.merge(a)


def test_the_scenes_of_these_laws_hold_what_they_are_about():
    """People, proxies and scanners, opens and clicks: a law over nothing would always hold."""
    assert len(JUDGED) > 20
    assert {event.kind for event in EVENTS} >= {mb.Kind.OPEN, mb.Kind.CLICK}
    assert {verdict.is_human for _, verdict in JUDGED} == {True, False, None}
