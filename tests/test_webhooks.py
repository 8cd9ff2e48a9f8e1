"""Webhooks of every provider: what each kind becomes, who may post, whose mail it was, what is answered."""

from __future__ import annotations

import dataclasses
import json
import logging
import runpy
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from hooks import (
    ADA,
    BEACON,
    DESTINATION,
    FIREFOX,
    HOOK,
    NAMES,
    NOW,
    PAGE,
    SENT_AT,
    SIGNED,
    UNSIGNED,
    changed,
    check,
    keys,
    opened,
    post,
    posted,
    receiver,
    reported,
)

import mailbeacon as mb
from mailbeacon import fake, webhooks
from mailbeacon.errors import ConfigError, ForgedWebhook, WebhookError
from mailbeacon.model import Hint
from mailbeacon.store import MemorySink
from mailbeacon.webhooks import Passed
from tests import making

KINDS = [
    mb.Kind.SENT,
    mb.Kind.DELIVERED,
    mb.Kind.DEFERRED,
    mb.Kind.BOUNCED,
    mb.Kind.REJECTED,
    mb.Kind.COMPLAINED,
    mb.Kind.UNSUBSCRIBE,
    mb.Kind.SUBSCRIBED,
    mb.Kind.OPEN,
    mb.Kind.CLICK,
]
NO_READERS = {"scaleway"}
NO_AGENT = {"mailersend"}
NO_METADATA = {"azure"}


def ours(name: str) -> dict[str, object]:
    """Return what a receiver needs to know whose mail it was: one provider gives no metadata back."""
    return {"recipient_of": lambda address: "u-17"} if name in NO_METADATA else {}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", NAMES)
def test_a_report_of_every_kind_becomes_that_event_of_that_mail(name, kind):
    """A soft bounce too: it is DEFERRED, for one BOUNCED would take the mail out of the deliveries for ever."""
    requests = posted(name, reported(kind))
    if not requests:
        pytest.xfail("the provider has no word for it") if kind is mb.Kind.DELIVERED else None
        return
    [found] = receiver(name, **ours(name)).read(requests[0])
    assert (found.kind, found.source) == (kind, name)
    assert abs(found.received_at - (NOW - timedelta(minutes=1))) < timedelta(seconds=1)
    assert found.recipient == "u-17"
    if name not in NO_METADATA:
        assert (found.campaign, found.variant, found.sent_at) == ("spring", "b", SENT_AT)
        assert found.message_id == posted_id(name)
    assert found.url == (PAGE if kind is mb.Kind.CLICK else "")
    assert (found.address, found.user_agent, found.headers) == ("", "", ())
    assert "@" not in found.to_json()


def posted_id(name: str) -> str:
    """Return the message's name in the events of Ada's own pixel: the same."""
    return BEACON.decode(mb.Request(url=BEACON.open_url(ADA), received_at=NOW)).message_id


@pytest.mark.parametrize("name", [one for one in NAMES if one not in NO_READERS])
def test_an_open_is_observed_as_a_request_would_be(name):
    """From agent and address where the provider tells them; where it does not, nothing speaks for a person."""
    [request] = posted(name, reported(mb.Kind.OPEN))
    [found] = receiver(name, **ours(name)).read(request)
    assert Hint.HEADERS_UNKNOWN in found.facts.hints
    has_agent = b"Firefox" in request.body
    assert (found.facts.client == "Firefox") is has_agent
    assert (Hint.NO_USER_AGENT in found.facts.hints) is not has_agent
    assert bool(found.facts.network_id) is (b"198.51.100.7" in request.body)
    if not has_agent:
        assert mb.classify(found).actor is mb.Actor.UNKNOWN


@pytest.mark.parametrize("name", NAMES)
def test_the_same_post_twice_is_the_same_event(name):
    """A provider delivers at least once; a sink keeps each id once."""
    [request] = posted(name, reported(mb.Kind.DELIVERED))
    read = receiver(name, **ours(name)).read
    later = changed(request, received_at=NOW + timedelta(seconds=200))
    assert [one.id for one in read(request)] == [one.id for one in read(later)]
    [other] = posted(name, reported(mb.Kind.DELIVERED, "2", received_at=NOW - timedelta(seconds=9)))
    assert {one.id for one in read(other)}.isdisjoint(one.id for one in read(request))


@pytest.mark.parametrize("name", SIGNED)
def test_only_what_the_provider_signed_is_read(name):
    """Altered, taken from another post, unsigned, with another key: all are forged."""
    first, second = (posted(name, reported(kind, kind))[0] for kind in (mb.Kind.DELIVERED, mb.Kind.BOUNCED))
    hook = receiver(name)
    assert len(hook.read(first)) == 1
    forged = [
        changed(first, headers={}, body=_unsigned(first.body)),
        changed(first, body=b""),
        changed(first, body=b"[]"),
    ]
    if name != "mailgun":  # it signs a token, not the body
        forged += [
            changed(first, body=_altered(first.body)),
            changed(second, headers=first.headers, body=_with_signature_of(first.body, second.body)),
        ]
    other = fake.webhook_keys(name) if name in ("ses", "sendgrid", "postal", "scaleway") else _other(name)
    forged += posted(name, reported(mb.Kind.DELIVERED), made=other)
    for number, request in enumerate(forged):
        with pytest.raises(ForgedWebhook):
            hook.read(request)
        assert hook.answer(request).status == 403, number


def _with_signature_of(first: bytes, second: bytes) -> bytes:
    """Return a body with the signature that stands in another; where it stands in the header fields, the body itself."""
    if first[:1] != b"{" or not {"Signature", "auth"} & set(json.loads(first)):
        return second
    theirs = {name: value for name, value in json.loads(first).items() if name in ("Signature", "auth")}
    return json.dumps({**json.loads(second), **theirs}).encode()


def _altered(body: bytes) -> bytes:
    """Return a body with one letter of the address changed."""
    at = body.index(b"example.com")
    return body[:at] + b"f" + body[at + 1 :]


def _unsigned(body: bytes) -> bytes:
    """Return a body without the fields a signature stands in."""
    for word in (b'"signature"', b'"auth"', b'"Signature"'):
        body = body.replace(word, b'"other"')
    return body


def _other(name: str) -> fake.WebhookKeys:
    secret = "whsec_bm90IHRoZSBzYW1lIGtleQ==" if name == "resend" else "another-key"
    return fake.WebhookKeys(private=secret, public=secret)


@pytest.mark.parametrize("name", SIGNED)
@pytest.mark.parametrize("value", ["", "not base64!", "AAAA", "é", "\ud800", "v1,", "0" * 9_000])
def test_a_signature_that_is_none_is_forged(name, value):
    [request] = posted(name, reported(mb.Kind.DELIVERED))
    headers = {field: value if "signature" in field.lower() else text for field, text in request.fields.items()}
    body = request.body
    if b'"auth"' in body or b'"Signature"' in body or b'"signature"' in body:
        whole = json.loads(body)
        for field in ("auth", "Signature"):
            if field in whole:
                whole[field] = value
        if "signature" in whole:
            whole["signature"]["signature"] = value
        body = json.dumps(whole).encode()
    with pytest.raises(ForgedWebhook):
        receiver(name).read(changed(request, headers=headers, body=body))


@pytest.mark.parametrize("name", SIGNED)
def test_a_key_can_be_replaced_while_both_are_known(name):
    old = fake.webhook_keys(name) if name in ("ses", "sendgrid", "postal", "scaleway") else _other(name)
    hook = receiver(name, key=[check(name, old), check(name)])
    for made in (old, keys(name)):
        [request] = posted(name, reported(mb.Kind.DELIVERED), made=made)
        assert len(hook.read(request)) == 1


@pytest.mark.parametrize("name", NAMES)
def test_nobody_can_post_unless_the_host_says_so(name):
    with pytest.raises(ConfigError, match="anybody could post"):
        webhooks.receiver(name, BEACON)
    with pytest.raises(ConfigError, match="contradicts"):
        webhooks.receiver(name, BEACON, password="x", unsigned=True)
    assert len(opened(name, **ours(name)).read(posted(name, reported(mb.Kind.DELIVERED))[0])) == 1


@pytest.mark.parametrize("name", UNSIGNED)
def test_a_provider_that_signs_nothing_sends_a_password(name):
    hook = receiver(name, password=["first", "user:second"], **ours(name))
    [request] = posted(name, reported(mb.Kind.DELIVERED))
    for headers in (
        {"Authorization": "Basic OmZpcnN0"},
        {"Authorization": "Basic YW55Ym9keTpmaXJzdA=="},
        {"Authorization": "basic dXNlcjpzZWNvbmQ="},
        {"Authorization": "Bearer first"},
        {"X-Webhook-Token": "first"},
    ):
        assert len(hook.read(changed(request, headers=headers))) == 1, headers
    for headers in (
        {},
        {"Authorization": "Basic b3RoZXI6c2Vjb25k"},
        {"Authorization": "Basic"},
        {"Authorization": "Basic !!!"},
        {"Authorization": "Bearer firs"},
        {"Authorization": "first"},
        {"X-Webhook-Token": ""},
    ):
        with pytest.raises(ForgedWebhook):
            hook.read(changed(request, headers=headers))
        reply = hook.answer(changed(request, headers=headers))
        assert reply.status == 401
        assert ("WWW-Authenticate", "Basic") in reply.headers
    in_query = changed(request, headers={}, url=f"{HOOK}?code=first")
    assert hook.answer(in_query).status == (200 if name == "azure" else 401)


def test_a_password_and_a_key_must_both_hold():
    hook = receiver("mailgun", password="secret")
    [request] = posted("mailgun", reported(mb.Kind.DELIVERED))
    with pytest.raises(ForgedWebhook):
        hook.read(request)
    assert len(hook.read(changed(request, headers={"Authorization": "Bearer secret"}))) == 1


@pytest.mark.parametrize("name", [one for one in NAMES if one not in NO_METADATA])
def test_a_mail_without_our_metadata_is_not_ours(name):
    """It is no event with an address for a recipient; the host may know the address, and then it is one."""
    [request] = fake.webhooks(name, [reported(mb.Kind.DELIVERED)], url=HOOK)
    found = opened(name).read(request)
    assert (list(found), found.passed) == ([], {Passed.NOT_OURS: 1})
    asked = []
    [named] = opened(name, recipient_of=lambda address: asked.append(address) or "u-9").read(request)
    assert named.recipient == "u-9"
    assert asked[0].endswith("@example.com")
    assert opened(name, recipient_of=lambda address: None).read(request).passed == {Passed.NOT_OURS: 1}


def test_no_address_becomes_a_recipient():
    [request] = fake.webhooks("sendgrid", [reported(mb.Kind.DELIVERED)])
    found = opened("sendgrid", recipient_of=lambda address: address).read(request)
    assert list(found) == []
    assert "not an address" in found.rejected[0].reason
    assert "example.com" not in found.rejected[0].reason


@pytest.mark.parametrize("name", NAMES)
def test_metadata_that_somebody_else_signed_are_not_ours(name):
    stranger = making.beacon(secret_keys=[b"another key of theirs"])
    [request] = posted(name, reported(mb.Kind.DELIVERED), beacon=stranger)
    assert receiver(name).read(request).passed == {Passed.NOT_OURS: 1}


@pytest.mark.parametrize("name", NAMES)
def test_delivery_kinds_alone_are_taken_where_nothing_else_is_asked_for(name):
    """The host's own pixel tells of opens already, and would be counted twice."""
    hook = opened(name, kinds="delivery", **ours(name))
    for kind in KINDS:
        for request in posted(name, reported(kind)):
            found = hook.read(request)
            expected = [] if kind in (mb.Kind.OPEN, mb.Kind.CLICK) else [kind]
            assert [one.kind for one in found] == expected
            assert found.passed == ({} if expected else {Passed.NOT_WANTED: 1})
    [request] = posted(name, reported(mb.Kind.DELIVERED))
    assert list(opened(name, kinds={mb.Kind.BOUNCED}, **ours(name)).read(request)) == []


@pytest.mark.parametrize("name", [one for one in NAMES if one not in NO_READERS])
def test_a_reader_who_may_not_be_recorded_is_not(name):
    """By the level that was signed, or by what the reader says today; deliveries are no matter of reading."""
    silent = dataclasses.replace(ADA, opens=mb.Level.NONE, clicks=mb.Level.NONE)
    for beacon, message in (
        (BEACON, silent),
        (making.beacon(base_url="https://t.example.com", consent=lambda m, k: False), ADA),
    ):
        hook = webhooks.receiver(name, beacon, unsigned=True, kinds="all")
        for kind in (mb.Kind.OPEN, mb.Kind.DELIVERED):
            [request] = posted(name, reported(kind), beacon=_Marked(BEACON.metadata(message)))
            found = hook.read(request)
            if name in NO_METADATA:
                assert found.passed == {Passed.NOT_OURS: 1}
            elif kind is mb.Kind.OPEN:
                assert found.passed == {Passed.NOT_ALLOWED: 1}
            else:
                assert len(found) == 1


class _Marked:
    """Return the same metadata for every mail."""

    def __init__(self, metadata: dict[str, str]) -> None:
        self._metadata = metadata

    def metadata(self, message: object, longest: int = 0) -> dict[str, str]:
        return self._metadata


@pytest.mark.parametrize(
    ("name", "kind", "machine"),
    [
        (name, kind, machine)
        for name in ("sendgrid", "mailgun", "sparkpost", "mandrill", "brevo")
        for kind in (mb.Kind.OPEN, mb.Kind.CLICK)
        for machine in (True, False)
        if kind is mb.Kind.OPEN or name in ("mailgun", "mandrill")
    ],
)
def test_a_providers_flag_for_machines_becomes_a_verdict(name, kind, machine):
    """Case 28 of what other tools get wrong: the flags are dropped, and machines read as people."""
    hint = Hint.PROVIDER_PROXY if name == "brevo" else Hint.PROVIDER_MACHINE
    facts = mb.Facts(hints=frozenset({hint}) if machine else frozenset())
    [found] = receiver(name).read(posted(name, reported(kind, facts=facts))[0])
    assert (hint in found.facts.hints) is machine
    actors = {Hint.PROVIDER_PROXY: mb.Actor.PRIVACY_PROXY, Hint.PROVIDER_MACHINE: mb.Actor.PREFETCH}
    expected = mb.Actor.SCANNER if kind is mb.Kind.CLICK else actors[hint]
    assert (mb.classify(found).actor is expected) is machine


def test_what_arrives_is_judged_kept_and_answered():
    sink, told = MemorySink(), []
    beacon = making.beacon(sink=sink, on_event=lambda event, verdict: told.append(verdict.actor))
    hook = webhooks.receiver("sendgrid", beacon, key=keys("sendgrid").public, kinds="all")
    flagged = reported(mb.Kind.OPEN, facts=mb.Facts(hints=frozenset({Hint.PROVIDER_MACHINE})))
    [request] = posted("sendgrid", reported(mb.Kind.DELIVERED, "2"), flagged)
    for _ in range(2):
        assert hook.answer(request).status == 200
    kept = {one.kind: verdict.actor for one, verdict in sink.events()}
    assert kept == {mb.Kind.DELIVERED: mb.Actor.UNKNOWN, mb.Kind.OPEN: mb.Actor.PREFETCH}
    assert len(told) == 4
    tally = mb.tally([one for one, _ in sink.events()], [verdict for _, verdict in sink.events()])
    assert tally.deliveries == 1


def test_a_soft_bounce_takes_no_mail_out_of_the_deliveries():
    requests = posted(
        "sendgrid", *(reported(kind, kind) for kind in (mb.Kind.SENT, mb.Kind.DEFERRED, mb.Kind.DELIVERED))
    )
    events = receiver("sendgrid").read(requests[0])
    assert mb.tally(events, mb.classify_all(events)).deliveries == 1


def test_the_hosts_own_texts_come_back():
    message = dataclasses.replace(ADA, metadata={"order": "8841"}, id="m-1")
    [request] = posted("postmark", reported(mb.Kind.DELIVERED), beacon=_Marked(BEACON.metadata(message, longest=80)))
    [found] = receiver("postmark").read(request)
    assert (found.metadata, found.message_id, found.mail) == ({"order": "8841"}, "m-1", ("spring", "m-1", "u-17"))


def test_a_delivery_that_was_told_helps_to_judge():
    """A click before the mail was there is no reader's, whatever the browser."""
    [request] = posted("sendgrid", reported(mb.Kind.DELIVERED, message_id=posted_id("sendgrid")))
    [delivered] = receiver("sendgrid").read(request)
    before, after = (
        BEACON.decode(
            mb.Request(
                url=BEACON.click_url(ADA, DESTINATION),
                headers={
                    "User-Agent": FIREFOX,
                    "Accept": "text/html",
                    "Accept-Language": "en",
                    "Sec-Fetch-Mode": "navigate",
                },
                address="198.51.100.7",
                received_at=delivered.received_at + timedelta(seconds=seconds),
            )
        )
        for seconds in (-4, 600)
    )
    machine = {one.name for one in mb.classify(before, [delivered]).signals}
    person = {one.name for one in mb.classify(after, [delivered]).signals}
    assert machine - person
    assert mb.classify(before, [delivered]).confidence != mb.classify(after, [delivered]).confidence


def test_a_sink_that_fails_has_the_post_sent_again(caplog):
    class Broken:
        def record(self, event: object, verdict: object) -> None:
            raise OSError("u-17 at ada@example.com")

    beacon = making.beacon(sink=Broken())
    hook = webhooks.receiver("postmark", beacon, password="x" * 8)
    [request] = posted("postmark", reported(mb.Kind.DELIVERED), made=fake.WebhookKeys(private="x" * 8, public=""))
    with caplog.at_level(logging.DEBUG, "mailbeacon"):
        assert hook.answer(request).status == 503
    assert "u-17" not in caplog.text
    assert "ada@" not in caplog.text


def test_a_host_that_cannot_name_a_reader_now_has_the_post_sent_again():
    def down(address: str) -> str:
        raise ConnectionError(address)

    hook = opened("postmark", recipient_of=down)
    [request] = fake.webhooks("postmark", [reported(mb.Kind.DELIVERED)])
    with pytest.raises(WebhookError, match="recipient_of failed: ConnectionError"):
        hook.read(request)
    assert hook.answer(request).status == 503


def test_one_broken_event_of_many_costs_no_other():
    [request] = posted("sendgrid", reported(mb.Kind.DELIVERED), reported(mb.Kind.BOUNCED, "2"))
    events = json.loads(request.body)
    del events[0]["timestamp"]
    found = opened("sendgrid").read(post([events[0], 7, None, *events[1:]]))
    assert [one.kind for one in found] == [mb.Kind.BOUNCED]
    assert [(one.number, one.reason) for one in found.rejected] == [
        (0, "the time is missing or cannot be read"),
        (1, "not an object"),
        (2, "not an object"),
    ]
    assert opened("sendgrid").answer(post(events)).status == 200


@pytest.mark.parametrize("name", NAMES)
def test_a_body_too_long_is_refused_unread(name):
    request = post(b" " * (webhooks.MOST_BYTES + 1))
    with pytest.raises(WebhookError, match="bytes"):
        opened(name).read(request)
    assert opened(name).answer(request).status == 413


@pytest.mark.parametrize("name", NAMES)
def test_what_is_asked_when_a_webhook_is_made_is_answered(name):
    for method in ("GET", "HEAD", "OPTIONS"):
        assert receiver(name).answer(mb.Request(url=HOOK, method=method)).status == 200
    for body in (b"[]", b"{}", b'{"msys":{}}', b'[{"msys":{}}]'):
        if name != "mandrill" and not (
            body[:1] == b"[" and name in ("ses", "scaleway", "mailgun", "postmark", "postal")
        ):
            assert opened(name).answer(post(body)).status == 200


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "BREW"])
def test_a_method_nobody_uses_is_answered_as_a_post_is(name, method):
    """Anything but 2xx has a provider try again, and some then switch the webhook off: so only what is forged gets it."""
    [request] = posted(name, reported(mb.Kind.DELIVERED))
    assert receiver(name, **ours(name)).read(changed(request, method=method)) == receiver(name, **ours(name)).read(
        request
    )
    assert opened(name).answer(mb.Request(url=HOOK, method=method)).status == 200
    assert receiver(name).answer(mb.Request(url=HOOK, method=method)).status in (401, 403)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"null", b"7", b"[" * 100_000, b'{"a":', b'"\\ud800"', b"NaN"])
def test_a_body_that_is_none_is_answered_all_the_same(name, body):
    """Sent again it would be no better."""
    assert opened(name).answer(post(body)).status == 200
    assert receiver(name).answer(post(body)).status in (401, 403)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"provider": "pigeon"}, "choose one of"),
        ({"provider": "sendgrid", "key": 5}, "key must be"),
        ({"provider": "sendgrid", "key": "AAAA"}, "ECDSA public key"),
        ({"provider": "postal", "key": "AAAA"}, "RSA public key"),
        ({"provider": "postal", "key": 5}, "key must be text"),
        ({"provider": "ses", "key": "AAAA"}, "webhooks.Sns"),
        ({"provider": "resend", "key": "whsec_"}, "whsec_"),
        ({"provider": "mandrill", "key": "x"}, "url="),
        ({"provider": "postmark", "key": "x"}, "signs nothing"),
        ({"provider": "postmark", "password": ""}, "password must be"),
        ({"provider": "postmark", "password": "x", "kinds": "some"}, "kinds must be"),
        ({"provider": "postmark", "password": "x", "kinds": 5}, "kinds must be"),
        ({"provider": "postmark", "password": "x", "recipient_of": "u"}, "recipient_of must be"),
        ({"provider": "postmark", "password": "x", "beacon": 5}, "beacon must be"),
    ],
)
def test_what_cannot_work_is_refused_when_the_receiver_is_made(options, said):
    options = {"beacon": BEACON, **options}
    with pytest.raises(ConfigError, match=said):
        webhooks.receiver(options.pop("provider"), options.pop("beacon"), **options)


def test_the_user_agent_is_kept_where_the_host_keeps_it():
    beacon = making.beacon(keep_address="truncate", keep_user_agent="keep", clock=lambda: NOW)
    [request] = posted("postmark", reported(mb.Kind.OPEN))
    [found] = webhooks.receiver("postmark", beacon, unsigned=True, kinds="all").read(request)
    assert (found.address, found.user_agent) == ("198.51.100.0/24", FIREFOX)


def test_a_click_on_our_own_link_is_of_its_destination():
    """Where the provider wraps what was wrapped already; the link itself holds a token."""
    ours = BEACON.rewrite(f'<a href="{DESTINATION.replace("&", "&amp;")}">x</a>', ADA).wrapped()[0][1]
    for url, expected in (
        (ours, (PAGE, 1)),
        (ours[:-3] + "abc", ("", None)),
        (DESTINATION, (PAGE, None)),
    ):
        [found] = receiver("sendgrid").read(posted("sendgrid", reported(mb.Kind.CLICK, url=url))[0])
        assert (found.url, found.link) == expected
        assert bool(found.url_id) is bool(found.url)


def test_a_link_is_one_whoever_tells_of_the_click():
    """By what stands for the whole destination, of which little is kept."""
    own = BEACON.decode(mb.Request(url=BEACON.click_url(ADA, DESTINATION), received_at=NOW))
    [told] = receiver("sendgrid").read(posted("sendgrid", reported(mb.Kind.CLICK))[0])
    [other] = receiver("sendgrid").read(posted("sendgrid", reported(mb.Kind.CLICK, url=DESTINATION + "3"))[0])
    assert told.url_id == own.url_id != other.url_id


def test_a_time_in_the_future_is_when_it_was_told_and_one_before_sending_is_not_counted():
    late = reported(mb.Kind.DELIVERED, received_at=NOW + timedelta(days=300))
    early = reported(mb.Kind.DELIVERED, "2", received_at=NOW.fromtimestamp(0, NOW.tzinfo))
    hook = opened("mailtrap")
    [found] = hook.read(changed(posted("mailtrap", late)[0], received_at=NOW))
    assert (found.received_at, found.expired) == (NOW, False)
    [found] = hook.read(posted("mailtrap", early)[0])
    assert found.expired


def test_the_reference_is_what_the_tables_say():
    """``docs/reference/webhooks.md`` is what ``python docs/webhooks_page.py`` writes."""
    docs = Path(__file__).parent.parent / "docs"
    page = runpy.run_path(str(docs / "webhooks_page.py"))
    assert page["render"]() == (docs / "reference" / "webhooks.md").read_text("utf-8")


@pytest.mark.parametrize("name", ["ses", "sendgrid", "postal", "scaleway"])
def test_without_the_extra_a_receiver_that_needs_it_says_how_to_get_it(name):
    """When it is made, and not when the first post comes."""
    code = (
        "import sys; sys.modules['cryptography'] = None\n"
        "import mailbeacon as mb\n"
        "from mailbeacon import webhooks\n"
        "beacon = mb.Beacon('https://t.example.com', secret_keys=[b'0123456789abcdef'])\n"
        "webhooks.receiver('postmark', beacon, password='x')\n"
        f"key = webhooks.Sns(certificate='', topics=['t']) if {name in fake.CERTIFICATE_URL} else 'AAAA'\n"
        "try:\n"
        f"    webhooks.receiver({name!r}, beacon, key=key)\n"
        "except mb.errors.MissingExtra as error:\n"
        "    print(error.extra)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=Path(__file__).parent.parent
    )
    assert (done.stdout, done.stderr) == ("webhooks\n", "")


@pytest.mark.parametrize(("machine", "days"), [(True, 0), (False, 1)])
def test_of_a_reader_at_level_date_only_the_day_of_an_open_is_given(machine, days):
    """And none of a machine's open."""
    shy = dataclasses.replace(ADA, opens=mb.Level.DATE, clicks=mb.Level.DATE)
    facts = mb.Facts(hints=frozenset({Hint.PROVIDER_MACHINE})) if machine else mb.Facts()
    [request] = posted("sendgrid", reported(mb.Kind.OPEN, facts=facts), beacon=_Marked(BEACON.metadata(shy)))
    found = receiver("sendgrid").read(request)
    assert len(found) == days
    assert found.passed == ({Passed.NOT_ALLOWED: 1} if machine else {})
    for one in found:
        assert (one.recipient, one.received_at.hour, one.campaign, one.facts) == ("u-17", 0, "", mb.Facts())
