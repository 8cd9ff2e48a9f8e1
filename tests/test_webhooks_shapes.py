"""The shapes that are one provider's own, written by hand: envelopes, batches, times, tags, several recipients."""

from __future__ import annotations

import hmac
import json
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import pytest
from hooks import (
    APPLE,
    BEACON,
    DESTINATION,
    FIREFOX,
    HOOK,
    MARK,
    NOW,
    changed,
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
from mailbeacon.webhooks import Passed

Kind = mb.Kind
STAMP = int(NOW.timestamp()) - 60
TOKEN = MARK["mailbeacon"]
TEXT = "mailbeacon"


def kinds(found: webhooks.Events) -> list[mb.Kind]:
    return [one.kind for one in found]


def sendgrid(**fields: object) -> dict[str, object]:
    return {"event": "delivered", "timestamp": STAMP, "sg_event_id": "e1", "email": "Ada@Example.com", **MARK, **fields}


def ses(word: str = "Delivery", part: object = None, **mail: object) -> dict[str, object]:
    name = word[0].lower() + word[1:]
    tags = {"mailbeacon": [TOKEN]}
    return {"eventType": word, "mail": {"messageId": "m1", "destination": ["ada@example.com"], "tags": tags, **mail},
            name: {"timestamp": "2026-11-27T08:59:00.000Z", **(part or {})}}  # fmt: skip


def sns(values: object, **fields: object) -> dict[str, object]:
    message = values if isinstance(values, str) else json.dumps(values)
    return {"Type": "Notification", "MessageId": "n1", "TopicArn": fake.TOPIC, "Message": message,
            "Timestamp": "2026-11-27T08:59:30.000Z", **fields}  # fmt: skip


# Amazon SES


def test_ses_comes_inside_sns_or_raw():
    [inside] = opened("ses").read(post(sns(ses())))
    [raw] = opened("ses").read(post(ses(), x_amz_sns_rawdelivery="true"))
    assert (inside.kind, raw.kind) == (Kind.DELIVERED, Kind.DELIVERED)
    assert inside.received_at == raw.received_at == NOW - timedelta(minutes=1)


def test_raw_delivery_has_no_signature_so_a_key_lets_none_in():
    with pytest.raises(ForgedWebhook):
        receiver("ses").read(post(ses(), x_amz_sns_rawdelivery="true"))


def test_ses_notices_in_words_say_nothing():
    for words in ("Successfully validated SNS topic for Amazon SES event publishing.", "", "{}", "[]"):
        assert list(opened("ses").read(post(sns(words)))) == []
        assert opened("ses").answer(post(sns(words))).status == 200


def test_two_of_three_recipients_that_bounced_are_two_events_of_nobody_by_name():
    """The metadata name one reader at most, and not the one that is reported; the host may know."""
    three = ["ada@example.com", "bob@example.com", "eve@example.com"]
    gone = [{"emailAddress": one, "status": "5.1.1"} for one in three[:2]]
    values = sns(ses("Bounce", {"bounceType": "Permanent", "bouncedRecipients": gone}, destination=three))
    found = opened("ses").read(post(values))
    assert [(one.kind, one.recipient, one.campaign) for one in found] == [(Kind.BOUNCED, None, "spring")] * 2
    assert len({one.id for one in found}) == 2
    named = opened("ses", recipient_of=lambda address: "u-" + address[0]).read(post(values))
    assert [one.recipient for one in named] == ["u-a", "u-b"]


def test_an_open_of_a_mail_to_several_is_one_event_of_nobody():
    several = ses(
        "Open", {"userAgent": FIREFOX, "ipAddress": "192.0.2.1"}, destination=["a@example.com", "b@example.com"]
    )
    [found] = opened("ses").read(post(sns(several)))
    assert (found.kind, found.recipient, found.facts.network_id) == (Kind.OPEN, None, "")
    [alone] = opened("ses").read(post(sns(ses("Open", {"userAgent": FIREFOX}))))
    assert alone.recipient == "u-17"


@pytest.mark.parametrize(
    ("word", "part", "expected"),
    [
        (
            "Bounce",
            {"bounceType": "Undetermined", "bouncedRecipients": [{"emailAddress": "a@b.example"}]},
            Kind.DEFERRED,
        ),
        ("DeliveryDelay", {"delayedRecipients": [{"emailAddress": "a@b.example"}]}, Kind.DEFERRED),
        ("Rendering Failure", {}, Kind.REJECTED),
        ("Reject", {"reason": "Bad content"}, Kind.REJECTED),
    ],
)
def test_ses_words(word, part, expected):
    """What SES says besides deliveries is one kind of event for each word."""
    assert kinds(opened("ses").read(post(sns(ses(word, part))))) == [expected]


def test_ses_notifications_of_the_old_form_and_metadata_in_a_header_are_read():
    old = ses(tags=None, headers=[{"name": "X-Mailbeacon", "value": TOKEN}])
    old["notificationType"] = old.pop("eventType")
    assert kinds(opened("ses").read(post(sns(old)))) == [Kind.DELIVERED]


def test_a_subscription_is_handed_to_the_host_and_opened_by_nobody():
    asked = []
    own = webhooks.Sns(certificate=keys("ses").public, topics=[fake.TOPIC], on_subscribe=asked.append)
    hook = webhooks.receiver("ses", BEACON, key=own)
    good = "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&Token=x"
    found = hook.read(subscription(good))
    assert (list(found), found.subscribe_url) == ([], good)
    assert hook.answer(subscription(good)).status == 200
    assert asked == [good]
    for url in ("https://sns.eu-west-1.amazonaws.com.evil.example/x", "http://sns.eu-west-1.amazonaws.com/", ""):
        assert hook.read(subscription(url)).subscribe_url == ""
    with pytest.raises(ForgedWebhook):
        hook.read(changed(subscription(good), body=subscription(good).body.replace(b"Action", b"Option")))


def subscription(url: str) -> mb.Request:
    """Return a confirmation request, signed."""
    values = {
        "Type": "SubscriptionConfirmation",
        "MessageId": "n2",
        "Token": "x",
        "TopicArn": fake.TOPIC,
        "Message": "You have chosen to subscribe",
        "SubscribeURL": url,
        "Timestamp": "2026-11-27T08:59:30.000Z",
        "SigningCertURL": fake.CERTIFICATE_URL["ses"],
    }
    names = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
    return post(sns_signed(values, names))


def sns_signed(values: dict[str, object], names: tuple[str, ...], version: str = "2") -> dict[str, object]:
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.hashes import SHA1, SHA256
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    data = "".join(f"{name}\n{values[name]}\n" for name in names if name in values).encode()
    key = load_pem_private_key(keys("ses").private.encode(), None)
    signature = key.sign(data, PKCS1v15(), SHA256() if version == "2" else SHA1())
    return {**values, "SignatureVersion": version, "Signature": b64encode(signature).decode()}


NOTIFICATION = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")


@pytest.mark.parametrize("version", ["1", "2"])
@pytest.mark.parametrize("subject", [{}, {"Subject": "Amazon SES Email Event Notification"}])
def test_sns_signs_with_either_hash_and_with_or_without_a_subject(version, subject):
    values = sns(ses(), SigningCertURL=fake.CERTIFICATE_URL["ses"], **subject)
    signed = sns_signed(values, NOTIFICATION, version)
    assert kinds(receiver("ses").read(post(signed))) == [Kind.DELIVERED]
    with pytest.raises(ForgedWebhook):
        receiver("ses").read(post({**signed, "SignatureVersion": "3"}))
    with pytest.raises(ForgedWebhook):
        receiver("ses").read(post({**signed, "Subject": "another"}))


@pytest.mark.parametrize(
    "url",
    [
        "https://sns.x.amazonaws.com.evil.example/a.pem",
        "http://sns.eu-west-1.amazonaws.com/a.pem",
        "https://sns.eu-west-1.amazonaws.com/a.txt",
        "https://sns.eu-west-1.amazonaws.com/a?x=.pem",
        "https://sns.eu-west-1.amazonaws.com:8443/a.pem",
        "https://user@sns.eu-west-1.amazonaws.com/a.pem",
        "https://evil.example\\@sns.eu-west-1.amazonaws.com/a.pem",
        "https://sns.eu-west-1.amazonaws.com/\n.pem",
        "https://sns.mnq.fr-par.scaleway.com/a.pem",
        "https://[/a.pem",
        "",
    ],
)
def test_a_certificate_elsewhere_is_never_asked_for(url):
    asked = []
    own = webhooks.Sns(certificate=lambda one: asked.append(one) or keys("ses").public, topics=[fake.TOPIC])
    hook = webhooks.receiver("ses", BEACON, key=own)
    with pytest.raises(ForgedWebhook):
        hook.read(post(sns_signed(sns(ses(), SigningCertURL=url), NOTIFICATION)))
    assert asked == []


def test_a_certificate_is_asked_for_once_and_may_be_a_table():
    asked = []
    for source in (
        lambda one: asked.append(one) or keys("ses").public.encode(),
        {fake.CERTIFICATE_URL["ses"]: keys("ses").public},
    ):
        hook = webhooks.receiver("ses", BEACON, key=webhooks.Sns(certificate=source, topics=fake.TOPIC))
        for number in range(3):
            [request] = posted("ses", reported(Kind.DELIVERED, str(number)))
            assert kinds(hook.read(request)) == [Kind.DELIVERED]
    assert asked == [fake.CERTIFICATE_URL["ses"]]


def test_somebody_elses_topic_is_forged_whoever_signed_it():
    own = webhooks.Sns(certificate=keys("ses").public, topics=["arn:aws:sns:eu-west-1:1:mine"])
    with pytest.raises(ForgedWebhook):
        webhooks.receiver("ses", BEACON, key=own).read(posted("ses", reported(Kind.DELIVERED))[0])
    with pytest.raises(ConfigError, match="topics"):
        webhooks.Sns(certificate="x", topics=[])


def test_a_certificate_that_cannot_be_had_now_has_the_post_sent_again():
    def offline(url: str) -> str:
        raise OSError(url)

    hook = webhooks.receiver("ses", BEACON, key=webhooks.Sns(certificate=offline, topics=[fake.TOPIC]))
    [request] = posted("ses", reported(Kind.DELIVERED))
    with pytest.raises(WebhookError, match="could not be had"):
        hook.read(request)
    assert hook.answer(request).status == 503
    for nothing in ("", "no certificate", {}):
        hook = webhooks.receiver("ses", BEACON, key=webhooks.Sns(certificate=nothing, topics=[fake.TOPIC]))
        assert hook.answer(request).status == 403


# SendGrid


@pytest.mark.parametrize(
    ("flag", "agent", "hint"),
    [
        (True, APPLE, Hint.PROVIDER_PROXY),
        (True, FIREFOX, Hint.PROVIDER_MACHINE),
        ("true", FIREFOX, Hint.PROVIDER_MACHINE),
        (False, FIREFOX, None),
        (None, FIREFOX, None),
    ],
)
def test_sendgrids_machine_opens(flag, agent, hint):
    """SendGrid's flag for opens by Apple's proxy becomes a hint, and its lack none."""
    fields = {} if flag is None else {"sg_machine_open": flag}
    [found] = opened("sendgrid").read(post([sendgrid(event="open", useragent=agent, **fields)]))
    assert found.facts.hints & {Hint.PROVIDER_PROXY, Hint.PROVIDER_MACHINE} == ({hint} if hint else set())


@pytest.mark.parametrize("category", [None, [], ["a", "b"], "spring", 7, {"a": 1}, [TOKEN]])
def test_categories_of_any_shape_cost_nothing(category):
    assert kinds(opened("sendgrid").read(post([sendgrid(category=category)]))) == [Kind.DELIVERED]


@pytest.mark.parametrize(
    ("stamp", "expected"),
    [
        (STAMP, NOW - timedelta(minutes=1)),
        (str(STAMP), NOW - timedelta(minutes=1)),
        (STAMP + 0.5, NOW - timedelta(seconds=59.5)),
        (0, datetime(1970, 1, 1, tzinfo=UTC)),
        (STAMP * 10, NOW),
        (10**30, None),
        ("soon", None),
        (True, None),
        (None, None),
        ({}, None),
    ],
)
def test_times_are_read_as_numbers_or_texts(stamp, expected):
    found = opened("sendgrid").read(post([sendgrid(timestamp=stamp)]))
    assert [one.received_at for one in found] == ([] if expected is None else [expected])
    assert len(found.rejected) == (expected is None)


def test_a_missing_id_is_made_of_all_that_tells_a_report_from_another():
    """The same report again is the same event; another url, time or kind is another."""
    click = sendgrid(event="click", url=DESTINATION, sg_message_id="m.1")
    del click["sg_event_id"]
    read = opened("sendgrid").read
    variants = [
        click,
        {**click, "url": "https://shop.example.com/"},
        {**click, "timestamp": STAMP - 1},
        {**click, "event": "open"},
    ]
    ids = [read(post([one]))[0].id for one in variants]
    assert len(set(ids)) == 4
    assert read(post([click]))[0].id == ids[0]
    assert read(post([{**click, "email": "bob@example.com"}]))[0].id != ids[0]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"event": "bounce", "type": "blocked"}, Kind.DEFERRED),
        ({"event": "bounce"}, Kind.BOUNCED),
        ({"event": "dropped"}, Kind.REJECTED),
        ({"event": "spamreport"}, Kind.COMPLAINED),
        ({"event": "group_unsubscribe"}, Kind.UNSUBSCRIBE),
        ({"event": "group_resubscribe"}, Kind.SUBSCRIBED),
    ],
)
def test_sendgrids_words(fields, expected):
    """Each of SendGrid's words is one kind of event."""
    assert kinds(opened("sendgrid").read(post([sendgrid(**fields)]))) == [expected]


@pytest.mark.parametrize("word", ["surprise", "", None, 7, ["delivered"], {}])
def test_an_unknown_word_is_counted_and_no_event(word):
    found = opened("sendgrid").read(post([sendgrid(event=word), sendgrid(sg_event_id="e2")]))
    assert (kinds(found), found.passed) == ([Kind.DELIVERED], {Passed.UNKNOWN_KIND: 1})
    wanted = opened("sendgrid", kinds={Kind.UNKNOWN, Kind.DELIVERED}).read(post([sendgrid(event=word)]))
    assert kinds(wanted) == [Kind.UNKNOWN]


def test_metadata_in_pieces_or_with_a_lowered_name_are_put_together():
    pieces = {f"mailbeacon_{number}" if number > 1 else "mailbeacon": TOKEN[at : at + 20]
              for number, at in enumerate(range(0, len(TOKEN), 20), 1)}  # fmt: skip
    assert pieces == BEACON.metadata(mb.Message(recipient="u-17", campaign="spring", sent_at=NOW - timedelta(hours=2), variant="b"),
                                     longest=20)  # fmt: skip
    base = {name: value for name, value in sendgrid().items() if name != TEXT}
    for names in (pieces, {"X-Mailbeacon": TOKEN}, {"Mailbeacon": [TOKEN]}):
        assert kinds(opened("sendgrid").read(post([{**base, **names}]))) == [Kind.DELIVERED]
    del pieces["mailbeacon_2"]
    assert opened("sendgrid").read(post([{**base, **pieces}])).passed == {Passed.NOT_OURS: 1}


# Mailgun


def mailgun(**data: object) -> dict[str, object]:
    event_data = {
        "event": "delivered",
        "timestamp": STAMP + 0.25,
        "user-variables": MARK,
        "recipient": "ada@example.com",
    }
    signature = {"timestamp": str(STAMP), "token": "t" * 50}
    wanted = hmac.digest(keys("mailgun").private.encode(), f"{STAMP}{'t' * 50}".encode(), "sha256").hex()
    return {"signature": {**signature, "signature": wanted}, "event-data": {**event_data, **data}}


@pytest.mark.parametrize(
    ("bot", "hint"),
    [
        ("apple", Hint.PROVIDER_PROXY),
        ("gmail", Hint.PROVIDER_MACHINE),
        ("generic", Hint.PROVIDER_MACHINE),
        ("", None),
        (None, None),
    ],
)
@pytest.mark.parametrize("word", ["opened", "clicked"])
def test_mailguns_bots(bot, hint, word):
    """What Mailgun calls a bot becomes a hint: a proxy, or a machine."""
    client = {"user-agent": FIREFOX} if bot is None else {"user-agent": FIREFOX, "bot": bot}
    [found] = receiver("mailgun").read(post(mailgun(event=word, **{"client-info": client})))
    assert found.facts.hints & {Hint.PROVIDER_PROXY, Hint.PROVIDER_MACHINE} == ({hint} if hint else set())


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"severity": "permanent"}, [Kind.BOUNCED]),
        ({"severity": "temporary"}, [Kind.DEFERRED]),
        ({"severity": "permanent", "reason": "suppress-bounce"}, [Kind.REJECTED]),
        ({"event": "accepted"}, []),
    ],
)
def test_mailguns_failures(fields, expected):
    """A permanent failure is a bounce, a temporary one a delay, and one that Mailgun did not try a rejection."""
    assert kinds(receiver("mailgun").read(post(mailgun(**{"event": "failed", **fields})))) == expected


def test_a_token_of_mailgun_posted_again_with_another_body_is_the_event_it_was():
    """Only the token is signed. Whoever replays it gets the id that is kept already."""
    hook = receiver("mailgun", recipient_of=lambda address: address[:3])
    first = hook.read(post(mailgun()))
    replayed = hook.read(post(mailgun(**{"recipient": "eve@example.com", "event": "complained", "user-variables": {}})))
    assert (replayed[0].recipient, replayed[0].id) == ("eve", first[0].id)


def test_a_subaccounts_post_is_signed_with_its_parents_key_too():
    values = mailgun()
    values["parent-signature"] = values["signature"]
    values["signature"] = {**values["signature"], "signature": "0" * 64}
    assert kinds(receiver("mailgun").read(post(values))) == [Kind.DELIVERED]
    values["parent-signature"] = {"timestamp": "", "token": "", "signature": ""}
    with pytest.raises(ForgedWebhook):
        receiver("mailgun").read(post(values))


# Postmark


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"RecordType": "Bounce", "Type": "Transient"}, [Kind.DEFERRED]),
        ({"RecordType": "Bounce", "Type": "AutoResponder"}, []),
        ({"RecordType": "Bounce", "Type": "BadEmailAddress"}, [Kind.BOUNCED]),
        ({"RecordType": "Bounce", "Type": "ManuallyDeactivated"}, [Kind.REJECTED]),
        ({"RecordType": "SubscriptionChange", "SuppressSending": True}, [Kind.UNSUBSCRIBE]),
        ({"RecordType": "SubscriptionChange", "SuppressSending": False}, [Kind.SUBSCRIBED]),
        (
            {"RecordType": "SubscriptionChange", "SuppressSending": True, "SuppressionReason": "SpamComplaint"},
            [Kind.COMPLAINED],
        ),
        ({"RecordType": "Open", "FirstOpen": True}, [Kind.OPEN]),
    ],
)
@pytest.mark.parametrize(
    "at", ["2026-11-27T04:59:00.1234567-04:00", "2026-11-27T08:59:00.1234567Z", "2026-11-27T08:59:00Z"]
)
def test_postmarks_words_and_times(fields, expected, at):
    """Each of Postmark's words is its kinds of event, at the time it names, however that is written."""
    found = opened("postmark").read(post({"MessageID": "m", "ChangedAt": at, "Metadata": MARK, **fields}))
    assert kinds(found) == expected
    assert all(one.received_at.replace(microsecond=0) == NOW - timedelta(minutes=1) for one in found)


def test_a_first_open_is_no_sign_of_a_machine():
    [found] = opened("postmark").read(
        post({"RecordType": "Open", "FirstOpen": True, "ReceivedAt": "2026-11-27T08:59:00Z", "Metadata": MARK})
    )
    assert not found.facts.hints & {Hint.PROVIDER_PROXY, Hint.PROVIDER_MACHINE}


# SparkPost


def sparkpost(**fields: object) -> dict[str, object]:
    return {
        "msys": {"track_event": {"type": "open", "timestamp": str(STAMP), "event_id": "1", "rcpt_meta": MARK, **fields}}
    }


@pytest.mark.parametrize(
    ("fields", "hint"),
    [
        ({"is_prefetched": True, "user_agent": APPLE}, Hint.PROVIDER_PROXY),
        ({"is_prefetched": True, "user_agent": FIREFOX}, Hint.PROVIDER_MACHINE),
        ({"is_prefetched": False, "user_agent": FIREFOX}, None),
        ({"user_agent": FIREFOX}, None),
    ],
)
@pytest.mark.parametrize("word", ["open", "initial_open", "amp_open"])
def test_sparkposts_prefetches(fields, hint, word):
    """SparkPost's words for prefetched opens become hints; all are opens."""
    [found] = opened("sparkpost").read(post([sparkpost(type=word, **fields)]))
    assert found.kind is Kind.OPEN
    assert found.facts.hints & {Hint.PROVIDER_PROXY, Hint.PROVIDER_MACHINE} == ({hint} if hint else set())


@pytest.mark.parametrize(
    ("bounce_class", "expected"),
    [
        ("10", Kind.BOUNCED),
        (30, Kind.BOUNCED),
        ("22", Kind.DEFERRED),
        ("51", Kind.REJECTED),
        ("60", None),
        ("90", Kind.UNSUBSCRIBE),
    ],
)
def test_sparkposts_bounces(bounce_class, expected):
    """SparkPost's classes tell bounces from delays, rejections, unsubscribing and replies, which are nothing."""
    found = opened("sparkpost").read(post([sparkpost(type="bounce", bounce_class=bounce_class)]))
    assert kinds(found) == ([] if expected is None else [expected])


def test_sparkposts_pings_and_its_own_token_field():
    assert list(opened("sparkpost").read(post([{"msys": {}}]))) == []
    hook = receiver("sparkpost", password="a secret")
    assert hook.answer(post([sparkpost()], X_MessageSystems_Webhook_Token="a secret")).status == 200
    assert hook.answer(post([sparkpost()], X_MessageSystems_Webhook_Token="another")).status == 401


# Brevo, Mailjet, Mandrill


def test_brevos_date_is_the_accounts_and_is_not_taken():
    values = {"event": "delivered", "ts_epoch": STAMP * 1000, "date": "2026-11-27 09:59:00", "ts": STAMP + 3600}
    for place in (
        {"X-Mailin-custom": TOKEN},
        {"tags": ["a", TOKEN]},
        {"tag": json.dumps([TOKEN])},
        {"X-Mailin-custom": json.dumps(MARK)},
    ):
        [found] = opened("brevo").read(post({**values, **place}))
        assert found.received_at == NOW - timedelta(minutes=1)


@pytest.mark.parametrize(
    ("word", "proxy"), [("proxy_open", True), ("unique_proxy_open", True), ("opened", False), ("unique_opened", False)]
)
def test_brevos_proxy_opens(word, proxy):
    """Brevo's open by a proxy is a privacy proxy's, never a person's."""
    [found] = opened("brevo").read(post({"event": word, "ts_epoch": STAMP * 1000, "X-Mailin-custom": TOKEN}))
    assert (Hint.PROVIDER_PROXY in found.facts.hints) is proxy
    assert mb.classify(found).actor is (mb.Actor.PRIVACY_PROXY if proxy else mb.Actor.UNKNOWN)


def test_mailjet_posts_one_event_or_a_list_and_its_numbers_stay_exact():
    """The id of a message is above 2^53: through a float two messages would be one."""
    values = {
        "event": "sent",
        "time": STAMP,
        "email": "ada@example.com",
        "Payload": TOKEN,
        "MessageID": 19421777835146490,
    }
    other = {**values, "MessageID": 19421777835146491}
    assert kinds(opened("mailjet").read(post(values))) == [Kind.DELIVERED]
    found = opened("mailjet").read(post([values, other]))
    assert len({one.id for one in found}) == 2
    unnamed = {name: value for name, value in values.items() if name != "Payload"}
    [named] = opened("mailjet", recipient_of=lambda address: "u-9").read(post(unnamed))
    assert named.message_id == "19421777835146490"


@pytest.mark.parametrize(
    ("fields", "expected"),
    [({"hard_bounce": True}, Kind.BOUNCED), ({"hard_bounce": False}, Kind.DEFERRED), ({}, Kind.BOUNCED)],
)
def test_mailjets_bounces(fields, expected):
    """A bounce is a delay where Mailjet says it is not a hard one."""
    values = {"event": "bounce", "time": STAMP, "Payload": json.dumps(MARK), **fields}
    assert kinds(opened("mailjet").read(post(values))) == [expected]


def mandrill(*events: object) -> bytes:
    return urlencode({"mandrill_events": json.dumps(events)}).encode()


def test_mandrill_signs_the_hooks_own_url():
    """Behind a proxy the request's is another, so it is a setting."""
    [request] = posted("mandrill", reported(Kind.DELIVERED))
    assert kinds(receiver("mandrill").read(changed(request, url="http://10.0.0.1/other"))) == [Kind.DELIVERED]
    with pytest.raises(ForgedWebhook):
        receiver("mandrill", url=HOOK + "?").read(request)


def test_mandrills_robots_and_lists():
    """A click that Mandrill takes for a robot's is a machine's; changes of its lists are no events."""
    message = {"_id": "m", "email": "ada@example.com", "metadata": MARK}
    robot = {
        "event": "click",
        "ts": STAMP,
        "msg": message,
        "user_agent": FIREFOX,
        "user_agent_parsed": {"type": "robot"},
    }
    sync = {"type": "blacklist", "action": "add", "ts": STAMP, "reject": {"email": "a@b.example"}}
    found = opened("mandrill").read(post(mandrill(robot, sync)))
    assert mb.classify(found[0]).actor is mb.Actor.SCANNER
    assert (kinds(found), found.passed) == ([Kind.CLICK], {Passed.SAYS_NOTHING: 1})


def test_mandrills_test_of_a_hook_is_signed_with_a_key_everybody_knows_and_holds_nothing():
    def request(*events: object) -> mb.Request:
        text = json.dumps(events)
        data = f"{HOOK}mandrill_events{text}".encode()
        signature = b64encode(hmac.digest(b"test-webhook", data, "sha1")).decode()
        return post(mandrill(*events), X_Mandrill_Signature=signature)

    assert receiver("mandrill").answer(request()).status == 200
    assert receiver("mandrill").answer(request({"event": "send"})).status == 403
    for body in (b"mandrill_events=7", b"mandrill_events", b"other=[]", b"\xff=%ff", b"a=b" * 60):
        assert opened("mandrill").answer(post(body)).status == 200


# Resend, MailerSend, Mailtrap


@pytest.mark.parametrize(("seconds", "read"), [(299, True), (-299, True), (301, False), (-301, False)])
def test_resends_signature_is_good_for_five_minutes(seconds, read):
    [request] = posted("resend", reported(Kind.DELIVERED))
    moved = changed(request, received_at=request.received_at + timedelta(seconds=seconds))
    assert (receiver("resend").answer(moved).status == 200) is read


def test_resends_header_may_hold_several_signatures_under_two_names():
    [request] = posted("resend", reported(Kind.DELIVERED))
    fields = dict(request.fields)
    fields["svix-signature"] = "v1,AAAA v2,BBBB " + fields["svix-signature"]
    assert kinds(receiver("resend").read(changed(request, headers=fields))) == [Kind.DELIVERED]
    renamed = {name.replace("svix", "webhook"): value for name, value in fields.items()}
    assert kinds(receiver("resend").read(changed(request, headers=renamed))) == [Kind.DELIVERED]
    for stamp in ("", "soon", "١", "9" * 40, "-5"):
        with pytest.raises(ForgedWebhook):
            receiver("resend").read(changed(request, headers={**fields, "svix-timestamp": stamp}))


@pytest.mark.parametrize("to", [["Ada <Ada@Example.com>"], "Ada@Example.com", ["Ada@Example.com"]])
def test_an_address_is_taken_out_of_its_name_and_keeps_its_capitals(to):
    asked = []
    values = {"type": "email.delivered", "created_at": "2026-11-27T08:59:00.000Z", "data": {"email_id": "m", "to": to}}
    [found] = opened("resend", recipient_of=lambda address: asked.append(address) or "u-9").read(post(values))
    assert (asked, found.recipient) == (["Ada@Example.com"], "u-9")


@pytest.mark.parametrize(
    ("word", "data", "expected"),
    [
        ("email.bounced", {"bounce": {"type": "Transient"}}, [Kind.DEFERRED]),
        ("email.bounced", {}, [Kind.BOUNCED]),
        ("email.failed", {}, [Kind.REJECTED]),
        ("contact.created", {}, []),
        ("email.scheduled", {}, []),
    ],
)
def test_resends_words(word, data, expected):
    """Each word is one kind of event, or none; a mail to several names no recipient."""
    data = {"tags": MARK, "to": ["a@example.com", "b@example.com"], **data}
    found = opened("resend").read(post({"type": word, "created_at": "2026-11-27T08:59:00Z", "data": data}))
    assert kinds(found) == expected
    assert all(one.recipient is None for one in found)


@pytest.mark.parametrize("field", ["Signature", "X-MailerSend-Signature"])
def test_mailersends_signature_may_have_either_name(field):
    [request] = posted("mailersend", reported(Kind.DELIVERED))
    assert kinds(receiver("mailersend").read(changed(request, headers={field: request.fields["signature"]}))) == [
        Kind.DELIVERED
    ]


@pytest.mark.parametrize("tags", [[TOKEN], ["a", TOKEN, "b"], [MARK]])
def test_mailersends_opens_are_opens_and_its_tags_name_the_mail(tags):
    """anymail takes both words with ``_unique`` for unknown."""
    data = {
        "id": "1",
        "created_at": "2026-11-27T08:59:00.000000Z",
        "email": {"tags": tags},
        "morph": {"ip": "192.0.2.1"},
    }
    found = opened("mailersend").read(post({"type": "activity.opened_unique", "data": data}))
    assert kinds(found) == ([Kind.OPEN] if tags != [MARK] else [])
    assert kinds(opened("mailersend").read(post({"type": "sender_identity.verified", "data": {}}))) == []


def test_mailtrap_posts_json_or_lines_and_signs_both_alike():
    lines = [
        {"event": word, "timestamp": STAMP, "event_id": word, "custom_variables": MARK}
        for word in ("delivery", "soft bounce")
    ]
    as_lines = b"\n".join(json.dumps(one).encode() for one in lines) + b"\n"
    for body in (as_lines, json.dumps({"events": lines}).encode(), json.dumps(lines).encode()):
        signature = hmac.digest(keys("mailtrap").private.encode(), body, "sha256").hex()
        assert kinds(receiver("mailtrap").read(post(body, Mailtrap_Signature=signature))) == [
            Kind.DELIVERED,
            Kind.DEFERRED,
        ]
    broken = opened("mailtrap").read(post(b"{broken\n" + as_lines))
    assert (kinds(broken), [one.number for one in broken.rejected]) == ([Kind.DELIVERED, Kind.DEFERRED], [0])


# Postal, Unisender, Scaleway, Azure


def postal(word: str, **payload: object) -> dict[str, object]:
    message = {"id": 1, "token": "t", "to": "Ada <ada@example.com>", "tag": TOKEN, "direction": "outgoing"}
    return {"event": word, "timestamp": STAMP + 0.5, "uuid": "1", "payload": {"message": message, **payload}}


def test_postal_is_verified_with_the_better_hash_and_the_older_only_if_told():
    [request] = posted("postal", reported(Kind.DELIVERED))
    public = keys("postal").public
    old = {"X-Postal-Signature": request.fields["x-postal-signature"]}
    assert receiver("postal").answer(changed(request, headers=old)).status == 403
    trusting = receiver("postal", key=webhooks.PostalKey(public, allow_sha1=True))
    assert trusting.answer(changed(request, headers=old)).status == 200
    mixed = {**old, "X-Postal-Signature-256": "AAAA"}
    assert trusting.answer(changed(request, headers=mixed)).status == 403


def test_postals_words():
    """anymail takes an open for unknown."""
    assert kinds(opened("postal").read(post(postal("MessageLoaded")))) == [Kind.OPEN]
    bounced = postal("MessageBounced", bounce={"id": 2})
    bounced["payload"]["original_message"] = bounced["payload"].pop("message")
    assert kinds(opened("postal").read(post(bounced))) == [Kind.BOUNCED]
    assert kinds(opened("postal").read(post(postal("DomainDNSError")))) == []
    incoming = postal("MessageDeliveryFailed")
    incoming["payload"]["message"]["direction"] = "incoming"
    assert kinds(opened("postal").read(post(incoming))) == []


def test_unisenders_times_have_no_zone_and_are_utc():
    data = {"status": "delivered", "event_time": "2026-11-27 08:59:00", "metadata": MARK, "email": "ada@example.com"}
    several = {"auth": "x", "events_by_user": [{"events": [
        {"event_name": "transactional_email_status", "event_data": data},
        {"event_name": "transactional_spam_block", "event_data": {}},
    ]}]}  # fmt: skip
    found = opened("unisender").read(post(several))
    assert [one.received_at for one in found] == [NOW - timedelta(minutes=1)]
    assert found.passed == {Passed.SAYS_NOTHING: 1}
    single = {"auth": "x", "event_name": "transactional_email_status", **data}
    assert kinds(opened("unisender").read(post(single))) == [Kind.DELIVERED]
    assert list(opened("unisender").read(post({"auth": "x"}))) == []


def test_scaleways_spam_is_the_servers_word_and_no_complaint():
    values = {
        "id": "1",
        "type": "email_spam",
        "created_at": "2026-11-27T08:59:00Z",
        "email_headers": [{"key": "X-Mailbeacon", "value": TOKEN}],
    }
    assert kinds(opened("scaleway").read(post(sns(values)))) == [Kind.REJECTED]


def azure(word: str, **data: object) -> dict[str, object]:
    return {
        "id": "1",
        "eventType": f"Microsoft.Communication.{word}",
        "eventTime": "2026-11-27T08:59:00.1234567Z",
        "data": data,
    }


def test_azures_validation_is_answered():
    validation = {
        "id": "1",
        "eventType": "Microsoft.EventGrid.SubscriptionValidationEvent",
        "data": {"validationCode": "512d38b6"},
    }
    hook = receiver("azure", password="a secret")
    asked = changed(post([validation], aeg_event_type="SubscriptionValidation"), url=HOOK + "?code=a%20secret")
    reply = hook.answer(asked)
    assert (reply.status, json.loads(reply.body)) == (200, {"validationResponse": "512d38b6"})
    assert hook.answer(post([validation])).status == 401
    options = mb.Request(url=HOOK, method="OPTIONS", headers={"WebHook-Request-Origin": "eventgrid.azure.net"})
    assert ("WebHook-Allowed-Origin", "eventgrid.azure.net") in hook.answer(options).headers


@pytest.mark.parametrize(
    ("word", "data", "expected"),
    [
        ("EmailDeliveryReportReceived", {"status": "Delivered"}, Kind.DELIVERED),
        ("EmailDeliveryReportReceived", {"status": "FilteredSpam"}, Kind.REJECTED),
        (
            "EmailDeliveryReportReceived",
            {"status": "Failed", "deliveryStatusDetails": {"statusMessage": "5.1.1 no"}},
            Kind.BOUNCED,
        ),
        (
            "EmailDeliveryReportReceived",
            {"status": "Failed", "deliveryStatusDetails": {"statusMessage": "4.2.2"}},
            Kind.DEFERRED,
        ),
        ("EmailDeliveryReportReceived", {"status": "Failed"}, Kind.DEFERRED),
        ("EmailDeliveryReportReceived", {"status": "Expanded"}, None),
        ("EmailEngagementTrackingReportReceived", {"engagementType": "View", "userAgent": FIREFOX}, Kind.OPEN),
    ],
)
def test_azures_words(word, data, expected):
    """Each of Azure's words is one kind of event, in both of its two shapes."""
    hook = opened("azure", recipient_of=lambda address: "u-9")
    found = hook.read(post([azure(word, recipient="ada@example.com", messageId="m", **data)]))
    assert kinds(found) == ([] if expected is None else [expected])
    cloud = azure(word, recipient="ada@example.com", **data)
    cloud |= {"type": cloud.pop("eventType"), "time": cloud.pop("eventTime"), "specversion": "1.0"}
    assert kinds(hook.read(post(cloud))) == kinds(found)
