"""What may be odd in any provider's event, tried in each: an unknown word, no id, odd times, tags and addresses."""

from __future__ import annotations

import copy
import json
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlencode

import pytest
from hooks import BEACON, NAMES, NOW, SENT_AT, opened, post, posted, reported

import mailbeacon as mb
from mailbeacon import webhooks
from mailbeacon.webhooks import Passed

Path = tuple[object, ...]
WORD: dict[str, Path] = {
    "ses": ("eventType",),
    "sendgrid": (0, "event"),
    "mailgun": ("event-data", "event"),
    "postmark": ("RecordType",),
    "sparkpost": (0, "msys", "message_event", "type"),
    "brevo": ("event",),
    "mailjet": (0, "event"),
    "mandrill": (0, "event"),
    "resend": ("type",),
    "mailersend": ("type",),
    "mailtrap": ("events", 0, "event"),
    "postal": ("event",),
    "unisender": ("events_by_user", 0, "events", 0, "event_data", "status"),
    "scaleway": ("type",),
    "azure": (0, "data", "status"),
}
AT: dict[str, Path] = {
    "ses": ("delivery", "timestamp"),
    "sendgrid": (0, "timestamp"),
    "mailgun": ("event-data", "timestamp"),
    "postmark": ("DeliveredAt",),
    "sparkpost": (0, "msys", "message_event", "timestamp"),
    "brevo": ("ts_epoch",),
    "mailjet": (0, "time"),
    "mandrill": (0, "ts"),
    "resend": ("created_at",),
    "mailersend": ("data", "created_at"),
    "mailtrap": ("events", 0, "timestamp"),
    "postal": ("timestamp",),
    "unisender": ("events_by_user", 0, "events", 0, "event_data", "event_time"),
    "scaleway": ("created_at",),
    "azure": (0, "data", "deliveryAttemptTimestamp"),
}
ID: dict[str, Path] = {
    "sendgrid": (0, "sg_event_id"),
    "mailgun": ("signature", "token"),
    "sparkpost": (0, "msys", "message_event", "event_id"),
    "mailersend": ("data", "id"),
    "mailtrap": ("events", 0, "event_id"),
    "postal": ("uuid",),
    "scaleway": ("id",),
    "azure": (0, "id"),
}
TAGS: dict[str, Path] = {
    "ses": ("mail", "headers"),
    "sendgrid": (0, "category"),
    "mailgun": ("event-data", "tags"),
    "postmark": ("Tag",),
    "sparkpost": (0, "msys", "message_event", "rcpt_tags"),
    "brevo": ("tags",),
    "mailjet": (0, "customcampaign"),
    "mandrill": (0, "msg", "tags"),
    "resend": ("data", "headers"),
    "mailtrap": ("events", 0, "category"),
    "unisender": ("events_by_user", 0, "events", 0, "event_data", "tags"),
}
ADDRESS: dict[str, Path] = {
    "ses": ("mail", "destination", 0),
    "sendgrid": (0, "email"),
    "mailgun": ("event-data", "recipient"),
    "postmark": ("Recipient",),
    "sparkpost": (0, "msys", "message_event", "raw_rcpt_to"),
    "brevo": ("email",),
    "mailjet": (0, "email"),
    "mandrill": (0, "msg", "email"),
    "resend": ("data", "to", 0),
    "mailersend": ("data", "email", "recipient", "email"),
    "mailtrap": ("events", 0, "email"),
    "postal": ("payload", "message", "to"),
    "unisender": ("events_by_user", 0, "events", 0, "event_data", "email"),
    "scaleway": ("email_to",),
    "azure": (0, "data", "recipient"),
}
SECONDS = {
    "sendgrid": 1,
    "mailgun": 1,
    "sparkpost": 1,
    "brevo": 1000,
    "mailjet": 1,
    "mandrill": 1,
    "mailtrap": 1,
    "postal": 1,
}
MISSING = object()


def whole(name: str) -> object:
    """Return the JSON of a provider's report of a delivery."""
    body = posted(name, reported(mb.Kind.DELIVERED))[0].body
    found = json.loads(parse_qs(body.decode())["mandrill_events"][0] if name == "mandrill" else body)
    return json.loads(found["Message"]) if name in ("ses", "scaleway") else found


def put(value: object, path: Path, new: object) -> object:
    """Return a copy with something else in one place."""
    found = copy.deepcopy(value)
    inner = found
    for step in path[:-1]:
        inner = inner[step]
    if new is MISSING:
        del inner[path[-1]]
    else:
        inner[path[-1]] = new
    return found


def read(name: str, value: object, **options: object) -> webhooks.Events:
    if name in ("ses", "scaleway"):  # without an envelope, which has an id and a time of its own
        return opened(name, **options).read(post(value, x_amz_sns_rawdelivery="true"))
    body = urlencode({"mandrill_events": json.dumps(value)}).encode() if name == "mandrill" else value
    return opened(name, **options).read(post(body, svix_id="1"))


def known(name: str) -> dict[str, object]:
    return {"recipient_of": lambda address: "u-17"} if name == "azure" else {}


@pytest.mark.parametrize("word", ["surprise", "", None, 7, [], {}])
@pytest.mark.parametrize("name", NAMES)
def test_an_unknown_word_is_counted(name, word):
    found = read(name, put(whole(name), WORD[name], word), **known(name))
    assert (list(found), found.passed, found.rejected) == ([], {Passed.UNKNOWN_KIND: 1}, ())


@pytest.mark.parametrize("name", ID)
def test_a_report_without_an_id_has_one_made_of_what_it_says(name):
    bare = put(whole(name), ID[name], MISSING)
    first, again = read(name, bare, **known(name)), read(name, bare, **known(name))
    other = read(name, put(bare, AT[name], _written(name, NOW - timedelta(minutes=5))), **known(name))
    assert [one.id for one in first] == [one.id for one in again]
    assert first[0].id != other[0].id


def _written(name: str, moment: datetime) -> object:
    """Write a moment as the provider does."""
    if name in SECONDS:
        seconds = int(moment.timestamp() * SECONDS[name])
        return str(seconds) if name == "sparkpost" else seconds
    return f"{moment:%Y-%m-%d %H:%M:%S}" if name == "unisender" else f"{moment:%Y-%m-%dT%H:%M:%S}.1234567Z"


@pytest.mark.parametrize("name", NAMES)
def test_times_at_the_epoch_and_in_the_future_cost_no_event(name):
    """One before the mail was sent is not counted, and nothing can have happened after it was told."""
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    [early] = read(name, put(whole(name), AT[name], _written(name, epoch)), **known(name))
    assert early.received_at.replace(microsecond=0) == epoch
    assert early.expired is (name != "azure")
    [late] = read(name, put(whole(name), AT[name], _written(name, NOW + timedelta(days=400))), **known(name))
    assert (late.received_at, late.expired) == (NOW, False)


@pytest.mark.parametrize("name", SECONDS)
def test_a_number_of_seconds_may_be_a_text_or_a_fraction(name):
    number = (NOW - timedelta(minutes=1)).timestamp() * SECONDS[name]
    for value in (int(number), str(int(number)), number, f" {int(number)} "):
        [found] = read(name, put(whole(name), AT[name], value))
        assert found.received_at == NOW - timedelta(minutes=1)


@pytest.mark.parametrize(
    "value", ["soon", "", None, [], {}, True, "9" * 400, 10**300, -(10**18), "0001-01-01T00:00:00+14:00"]
)
@pytest.mark.parametrize("name", NAMES)
def test_a_time_that_is_none_is_told_and_costs_no_other_event(name, value):
    """But where another of its fields says when."""
    found = read(name, put(whole(name), AT[name], value), **known(name))
    assert len(found) + len(found.rejected) == 1
    assert all(SENT_AT <= one.received_at <= NOW for one in found)
    assert all("time" in one.reason for one in found.rejected)


@pytest.mark.parametrize("value", [MISSING, None, [], ["a", "b"], "a", 7, {"a": "b"}, [None, 7, {}]])
@pytest.mark.parametrize("name", TAGS)
def test_tags_of_any_shape_cost_nothing(name, value):
    start = whole(name)
    if name in ("resend", "unisender"):
        start = put(start, TAGS[name], [])
    [found] = read(name, put(start, TAGS[name], value))
    assert (found.recipient, found.campaign) == ("u-17", "spring")


@pytest.mark.parametrize(
    ("written", "bare"), [("Ada.L@Example.COM", "Ada.L@Example.COM"), ("Ada <Ada@Example.com>", "Ada@Example.com")]
)
@pytest.mark.parametrize("name", NAMES)
def test_the_address_goes_to_the_host_without_a_name_and_with_its_capitals(name, written, bare):
    asked = []
    value = put(whole(name), ADDRESS[name], written)
    if name == "ses":
        value["delivery"]["recipients"] = [written]
    text = json.dumps(value)
    for piece in BEACON.metadata(
        mb.Message(recipient="u-17", campaign="spring", sent_at=SENT_AT, variant="b"), longest=80
    ).values():
        text = text.replace(piece, "x" * len(piece))
    found = read(name, json.loads(text), recipient_of=lambda address: asked.append(address) or "u-9")
    assert (asked, [one.recipient for one in found]) == ([bare], ["u-9"])
