"""Whatever is posted: only the package's own errors, no event from a forged body, nothing that no store could keep."""

from __future__ import annotations

import json
from functools import cache
from urllib.parse import parse_qsl, urlencode

import pytest
from hooks import MARK, NAMES, NOW, SIGNED, changed, opened, post, posted, receiver, reported
from hypothesis import given, settings
from hypothesis import strategies as st

import mailbeacon as mb
from mailbeacon.errors import ForgedWebhook, WebhookError
from mailbeacon.webhooks import PROVIDERS
from mailbeacon.webhooks.reading import Post

KINDS = list(mb.Kind)
WORDS = sorted({word for one in PROVIDERS.values() for word in (*one.kinds, *one.finer)})
_FIELDS = """event eventType notificationType type timestamp ts ts_epoch time event_time email recipient Recipient RecordType Type
  msys track_event message_event payload message msg metadata tags category data delivery open click bounce mail destination
  headers name value Message TopicArn MessageId SignatureVersion SigningCertURL Signature SubscribeURL auth signature token
  event-data user-variables client-info events events_by_user event_name event_data status created_at id uuid url link ip
  useragent user_agent userAgent sg_event_id to from morph custom_variables Metadata rcpt_meta bouncedRecipients mailbeacon
  X-Mailin-custom Payload MessageID email_headers eventTime engagementType deliveryAttemptTimestamp hard_bounce"""
FIELDS = _FIELDS.split()
texts = (
    st.sampled_from(
        [
            *WORDS,
            *MARK.values(),
            "Notification",
            "SubscriptionConfirmation",
            "Ada <ada@example.com>",
            "2026-11-27T08:59:00Z",
        ]
    )
    | st.text(max_size=20)
    | st.just("\ud800\0")
)
leaves = texts | st.none() | st.booleans() | st.integers() | st.floats() | st.just(int(NOW.timestamp()))
values = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(FIELDS) | st.text(max_size=5), inner, max_size=8)
        | st.dictionaries(st.sampled_from(FIELDS), inner, max_size=4).map(
            lambda one: {**one, "Message": json.dumps(one)}
        )
    ),
    max_leaves=30,
)


@cache
def _opened(name: str):
    return opened(name, recipient_of=lambda address: None if "@" in address else address or None)


@cache
def _receiver(name: str):
    return receiver(name)


def _check(name: str, request: mb.Request) -> None:
    """Read a post of anything, and see that nothing but the package's own errors comes of it."""
    refused: WebhookError | None = None
    try:
        found = _opened(name).read(request)
    except WebhookError as error:
        refused = error
    if refused is not None:
        assert "@" not in str(refused)
        assert _opened(name).answer(request).status == refused.status
        return
    for one in found:
        assert "@" not in (one.recipient or "")
        assert (one.address, one.user_agent) == ("", "")
        assert mb.Event.from_json(one.to_json().encode()) == one
        assert "\0" not in one.url + one.campaign + one.message_id
    for one in found.rejected:
        assert "@" not in one.reason
    assert _opened(name).answer(request).status == 200


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=25)
@given(value=values)
def test_any_json_is_read_or_refused(name, value):
    text = json.dumps(value)
    _check(name, post(urlencode({"mandrill_events": text}).encode() if name == "mandrill" else text.encode()))


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=25)
@given(data=st.data())
def test_a_providers_own_event_with_anything_in_one_place_is_read_or_refused(name, data):
    """Deeper than any JSON gets: the rest of the event is as it should be."""
    kind = data.draw(st.sampled_from([mb.Kind.DELIVERED, mb.Kind.BOUNCED, mb.Kind.OPEN, mb.Kind.CLICK]))
    requests = posted(name, reported(kind))
    if not requests:
        return
    whole = _parsed(name, requests[0].body)
    paths = list(_paths(whole))
    path = data.draw(st.sampled_from(paths))
    spoiled = _put(whole, path, data.draw(values))
    _check(name, post(_written(name, spoiled), svix_id="1"))


@pytest.mark.parametrize(("name", "path"), [("azure", "recipient"), ("resend", "to"), ("ses", "destination")])
def test_an_address_in_a_list_is_cleaned_like_any_other_text(name, path):
    """A lone surrogate is JSON, and no event could be written with it."""
    whole = _parsed(name, posted(name, reported(mb.Kind.DELIVERED))[0].body)
    found = next(one for one in _paths(whole) if one[-1:] == (path,))
    _check(name, post(_written(name, _put(whole, found, ["\ud800\0"])), svix_id="1"))


def _parsed(name: str, body: bytes) -> object:
    from urllib.parse import parse_qs

    whole = json.loads(parse_qs(body.decode())["mandrill_events"][0] if name == "mandrill" else body)
    return json.loads(whole["Message"]) if name in ("ses", "scaleway") else whole


def _written(name: str, whole: object) -> bytes:
    text = json.dumps(whole)
    if name in ("ses", "scaleway"):
        text = json.dumps({"Type": "Notification", "TopicArn": "t", "MessageId": "1", "Message": text})
    return urlencode({"mandrill_events": text}).encode() if name == "mandrill" else text.encode()


def _paths(value: object, path: tuple[object, ...] = ()):
    yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, one in inner:
        yield from _paths(one, (*path, name))


def _put(value: object, path: tuple[object, ...], new: object) -> object:
    if not path:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = _put(value[path[0]], path[1:], new)
    return copy


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=20)
@given(
    body=st.binary(max_size=80),
    headers=st.dictionaries(st.sampled_from(["Signature", "Authorization", "svix-id"]), st.text(max_size=20)),
)
def test_any_bytes_are_forged_where_something_is_checked(name, body, headers):
    with pytest.raises(ForgedWebhook):
        _receiver(name).read(changed(post(body), headers=headers))
    _check(name, post(body))


@pytest.mark.parametrize("name", [one for one in SIGNED if one != "mailgun"])
@settings(max_examples=20)
@given(place=st.integers(0, 10_000), letter=st.sampled_from(list(b'0aA"{}[]:, &=%\\')))
def test_a_body_changed_in_any_byte_is_forged_or_says_the_same(name, place, letter):
    """In an envelope of SNS there are bytes that nothing depends on."""
    [request] = posted(name, reported(mb.Kind.CLICK)) or posted(name, reported(mb.Kind.BOUNCED))
    body = bytearray(request.body)
    body[place % len(body)] = letter
    try:
        found = _receiver(name).read(changed(request, body=bytes(body)))
    except ForgedWebhook:
        return
    assert list(found) == list(_receiver(name).read(request))


@pytest.mark.parametrize("name", ["sendgrid", "sparkpost", "mailjet", "mandrill", "mailtrap", "unisender", "azure"])
@settings(max_examples=15)
@given(
    kinds=st.lists(st.sampled_from([mb.Kind.DELIVERED, mb.Kind.DEFERRED, mb.Kind.BOUNCED]), min_size=1, max_size=8),
    broken=st.sets(st.integers(0, 7)),
)
def test_whatever_of_a_batch_is_broken_the_rest_is_read(name, kinds, broken):
    [request] = posted(name, *(reported(kind, str(number)) for number, kind in enumerate(kinds)))
    whole = _parsed(name, request.body)
    events = (
        whole["events"]
        if name == "mailtrap"
        else whole["events_by_user"][0]["events"]
        if name == "unisender"
        else whole
    )
    for number in broken & set(range(len(events))):
        events[number] = [events[number]]
    hook = opened(name, recipient_of=lambda address: "u-17")
    found = hook.read(post(_written(name, whole)))
    assert [one.kind for one in found] == [kind for number, kind in enumerate(kinds) if number not in broken]
    assert [one.number for one in found.rejected] == sorted(broken & set(range(len(kinds))))


@given(pairs=st.dictionaries(st.text(), st.text(), max_size=4), cut=st.binary(max_size=3))
def test_a_form_is_decoded_as_the_standard_library_does(pairs, cut):
    """Law: whatever the form says, and whatever stands in it that no encoder writes."""
    body = urlencode(pairs, errors="replace").encode() + cut
    try:
        expected = dict(parse_qsl(body.decode(), keep_blank_values=True, errors="strict"))
    except ValueError:
        expected = {}
    assert Post(mb.Request(url="", method="POST", body=body), NOW).form == expected
