"""Tokens: frozen texts that must be read for ever, and the laws that keep everybody else from writing one."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from itsdangerous import Signer

from mailbeacon.errors import BadToken, ConfigError, ForgedToken, TokenError
from mailbeacon.model import Channel, Level, Message, Target
from mailbeacon.tokens import MAX_TOKEN_LENGTH, Hit, TokenSigner
from mailbeacon.tokens.signing import Purpose, derive_key
from tests.making import message

KEY = b"an old key, sixteen bytes or more"
NEW_KEY = b"another key, the newest of them"
SENT = datetime(2026, 11, 23, 9, tzinfo=UTC)
SIGNER = TokenSigner([KEY], allow_addresses=True)
FULL_LINK = Target(number=1, url="https://example.com/a?b=1&c=2")


def undated(**fields):
    """Return a message without its time of sending."""
    return message(**{"sent_at": None, **fields})


# frozen: mails with these are out there


MESSAGE_TOKENS = [
    pytest.param(undated(), "aWyJzcHJpbmciLCJ1LTE3Il0.JVJm2-cCpD9p7jMOyuXOmg", id="campaign and recipient"),
    pytest.param(Message(recipient="u-17"), "aWyIiLCJ1LTE3Il0.EVagSauYEM1QhkYdJqyx9w", id="recipient alone"),
    pytest.param(
        undated(sent_at=SENT),
        "aWyJzcHJpbmciLCJ1LTE3IiwxNzk1NDI0NDAwXQ.AfSnSrKb1mC1F9wDmhT-KQ",
        id="with the time of sending",
    ),
    pytest.param(
        undated(sent_at=SENT, id="m-9"),
        "aWyJzcHJpbmciLCJ1LTE3IiwxNzk1NDI0NDAwLCJtLTkiXQ.1LWHAhZ68o6JOYcZ7C5YOA",
        id="with an id",
    ),
    pytest.param(
        undated(id="m-9"),
        "aWyJzcHJpbmciLCJ1LTE3IiwwLCJtLTkiXQ.COfd3xOPNqYyVhqtIKKmAg",
        id="with an id, without a time",
    ),
    pytest.param(
        undated(sent_at=SENT, id="m-9", variant="b"),
        "aWyJzcHJpbmciLCJ1LTE3IiwxNzk1NDI0NDAwLCJtLTkiLCJiIl0.nhhh2doRlnxS0cDBQpfqXA",
        id="with a variant",
    ),
    pytest.param(
        undated(variant="b"),
        "aWyJzcHJpbmciLCJ1LTE3IiwwLCIiLCJiIl0.RuTQMKnssjYxLYZFyrfFeg",
        id="with a variant, without what stands before it",
    ),
    pytest.param(
        undated(sent_at=SENT, id="m-9", variant="b", opens=Level.NONE),
        "aWyJzcHJpbmciLCJ1LTE3IiwxNzk1NDI0NDAwLCJtLTkiLCJiIiwiMDMiXQ.3O_xA5UWMYSbjdctfFqjWA",
        id="with levels, clicks alone",
    ),
    pytest.param(
        undated(clicks=Level.NONE),
        "aWyJzcHJpbmciLCJ1LTE3IiwwLCIiLCIiLCIzMCJd.yB7OiIf_5NewUljkSExD3w",
        id="with levels, opens alone, without what stands before them",
    ),
    pytest.param(
        Message(recipient="Ωmega/17", campaign='Frühling "🌷"\n'),
        "aWyJGcsO8aGxpbmcgXCLwn4y3XCJcbiIsIs6pbWVnYS8xNyJd.sYWhAVX9VjaA65csl6evyA",
        id="beyond ASCII, with quotes and a line break",
    ),
]


@pytest.mark.parametrize(("meant", "token"), MESSAGE_TOKENS)
def test_a_frozen_message_token_is_written_and_read_as_ever(meant, token):
    assert SIGNER.sign_message(meant) == token
    assert SIGNER.read_message(token) == meant


@pytest.mark.parametrize(
    ("target", "campaign", "token"),
    [
        pytest.param(
            FULL_LINK,
            "spring",
            "aWzEsImh0dHBzOi8vZXhhbXBsZS5jb20vYT9iPTEmYz0yIl0.Ef64LEcnLsiDrdYVspxAWA",
            id="in the document",
        ),
        pytest.param(
            Target(number=12, url="https://example.com/é", channel=Channel.TEXT),
            "spring",
            "aWzEyLCJodHRwczovL2V4YW1wbGUuY29tL8OpIiwidGV4dCJd.SeLi7GLsDA4732axEhDocg",
            id="in the text part",
        ),
        pytest.param(
            Target(number=3, url="https://example.com/", links=12),
            "spring",
            "aWzMsImh0dHBzOi8vZXhhbXBsZS5jb20vIiwiaHRtbCIsMTJd.FlYopHIpRMEaH9ir8N478g",
            id="with the number of destinations",
        ),
        pytest.param(
            Target(number=1, url="https://example.com/"),
            "Frühling",
            "aWzEsImh0dHBzOi8vZXhhbXBsZS5jb20vIl0.KGZoDTP-gev8qdRqtb_0pQ",
            id="of a campaign beyond ASCII",
        ),
    ],
)
def test_a_frozen_link_token_is_written_and_read_as_ever(target, campaign, token):
    assert SIGNER.sign_link(target, campaign) == token
    assert SIGNER.read_link(token, campaign) == target


@pytest.mark.parametrize(
    ("opens", "clicks", "token"),
    [
        pytest.param(
            Level.AGGREGATE, Level.AGGREGATE, "aWyJzcHJpbmciLCIiLDAsIiIsIiIsIjExIl0.r8okkdHr4cN-YX4USQKgHg", id="both"
        ),
        pytest.param(
            Level.AGGREGATE, Level.NONE, "aWyJzcHJpbmciLCIiLDAsIiIsIiIsIjEwIl0.S4toxCfr5owLOJJHG9Vz3g", id="opens alone"
        ),
        pytest.param(
            Level.NONE,
            Level.AGGREGATE,
            "aWyJzcHJpbmciLCIiLDAsIiIsIiIsIjAxIl0.FoetqrI4TZQEoG3i2Js7qw",
            id="clicks alone",
        ),
    ],
)
def test_a_frozen_token_for_all_carries_the_campaign_alone_and_reads_back(opens, clicks, token):
    """Nobody can be told apart by it: neither recipient nor time, id or variant are in it."""
    named = undated(sent_at=SENT, id="m-9", variant="b", opens=opens, clicks=clicks)
    assert SIGNER.sign_message(named) == token
    assert SIGNER.read_message(token) == Message(recipient="", campaign="spring", opens=opens, clicks=clicks)


@pytest.mark.parametrize(
    ("opens", "clicks"),
    [(Level.AGGREGATE, Level.FULL), (Level.FULL, Level.AGGREGATE), (Level.DATE, Level.AGGREGATE)],
)
def test_levels_that_no_one_token_can_keep_are_a_config_error(opens, clicks):
    with pytest.raises(ConfigError, match="AGGREGATE"):
        SIGNER.sign_message(undated(opens=opens, clicks=clicks))


def test_a_frozen_token_of_level_date_is_written_and_read_as_ever():
    meant = undated(sent_at=SENT, opens=Level.DATE, clicks=Level.NONE)
    token = "aWyJzcHJpbmciLCJ1LTE3IiwxNzk1NDI0NDAwLCIiLCIiLCIyMCJd.AyCDLJGcgI_pzKg0R4ndkw"
    assert SIGNER.sign_message(meant) == token
    assert SIGNER.read_message(token) == meant


def test_a_frozen_token_with_metadata_is_written_and_read_as_ever():
    meant = undated(sent_at=SENT, metadata={"shop": "Kök", "order": "8841"})
    token = (
        "aWyJzcHJpbmciLCJ1LTE3IiwxNzk1NDI0NDAwLCIiLCIiLCIzMyIseyJvcmRlciI6Ijg4NDEiLCJzaG9wIjoiS8O2ayJ9XQ"
        ".mTaO7HFYs3s2a0T7l3QjKw"
    )
    assert SIGNER.sign_message(meant) == token
    assert SIGNER.read_message(token) == meant
    assert SIGNER.read_hit(token).metadata == {"order": "8841", "shop": "Kök"}


def test_an_address_is_no_hindrance_where_the_token_names_nobody():
    levels = {"opens": Level.AGGREGATE, "clicks": Level.AGGREGATE}
    nobody, ann = undated(recipient="", **levels), undated(recipient="ann@example.net", **levels)
    assert TokenSigner([KEY]).sign_message(ann) == TokenSigner([KEY]).sign_message(nobody)
    with pytest.raises(ConfigError, match="looks like an e-mail address"):
        TokenSigner([KEY]).sign_message(undated(recipient="ann@example.net", clicks=Level.NONE))


def test_a_token_for_all_carries_no_metadata():
    assert SIGNER.sign_message(
        undated(opens=Level.AGGREGATE, clicks=Level.AGGREGATE, metadata={"order": "8841"})
    ) == SIGNER.sign_message(undated(opens=Level.AGGREGATE, clicks=Level.AGGREGATE))


def test_a_frozen_action_token_is_written_and_read_as_ever():
    token = "aWyJzcHJpbmciLCJ1LTE3IiwxNzk1NDI0NDAwXQ.mGCGUeI-9EiY747W64cMpA"
    assert SIGNER.sign_action(undated(sent_at=SENT)) == token
    assert SIGNER.read_action(token) == undated(sent_at=SENT)


def test_a_frozen_token_of_a_namespace_is_written_and_read_as_ever():
    token = "aWyJzcHJpbmciLCJ1LTE3Il0.yJ_Ky7Wh3ildOjPItl9vJg"
    signer = TokenSigner([KEY], "north")
    assert signer.sign_message(undated()) == token
    assert signer.read_message(token) == undated()


def test_frozen_digests_and_subkeys():
    """Event ids and network ids hang on these."""
    assert SIGNER.derive("facts").hex() == "16f73fa70c82843c06325eede646f77c8adeeabbb3187edf4557f11ef9589eb3"
    assert digest(SIGNER, "x", b"y") == "18d900b41f19fb521da7e6c5e80e66c1"
    assert SIGNER.message_id(undated(sent_at=SENT)) == "78c715678ec23c1599083755"


def digest(signer, purpose, data, size=16, key=0):
    made = signer.keyed_hashes(purpose, size)[key].copy()
    made.update(data)
    return made.hexdigest()


# the form, checked against plain hmac and json


def by_hand(values, salt, *, key=KEY, context=b""):
    """Make a token with nothing but the standard library."""
    payload = json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode()
    body = b"a" + base64.urlsafe_b64encode(payload).rstrip(b"=")
    derived = hmac.new(key, salt, hashlib.sha256).digest()
    signature = hmac.new(derived, context + body, hashlib.sha256).digest()[:16]
    return (body + b"." + base64.urlsafe_b64encode(signature).rstrip(b"=")).decode()


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
MOMENTS = st.datetimes(datetime(1971, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)).map(
    lambda moment: moment.replace(microsecond=0)
)
LEVELS = st.sampled_from([Level.NONE, Level.DATE, Level.FULL])
MESSAGES = st.builds(
    Message,
    recipient=TEXTS.filter(bool),
    campaign=TEXTS,
    id=TEXTS,
    variant=TEXTS,
    sent_at=st.none() | MOMENTS,
    opens=LEVELS,
    clicks=LEVELS,
    metadata=st.dictionaries(st.text("abcé", max_size=5), st.text('x"🌷', max_size=5), max_size=1),
)
TARGETS = st.builds(
    Target, number=st.integers(0, 10**6), url=TEXTS, channel=st.sampled_from(Channel), links=st.integers(0, 300)
)
CAMPAIGNS = TEXTS.filter(bool)
KEYS = st.binary(min_size=16, max_size=200).filter(lambda key: len({*key}) >= 8)


@given(MESSAGES, KEYS)
def test_a_message_token_is_plain_hmac_over_the_trimmed_array(meant, key):
    seconds = int(meant.sent_at.timestamp()) if meant.sent_at else 0
    levels = f"{meant.opens:d}{meant.clicks:d}"
    metadata = dict(sorted(meant.metadata.items()))
    values = [meant.campaign, meant.recipient, seconds, meant.id, meant.variant, levels, metadata]
    for default in ({}, "33", "", "", 0):
        if values[-1] != default:
            break
        values.pop()
    signer = TokenSigner([key], allow_addresses=True)
    assert signer.sign_message(meant) == by_hand(values, b"mailbeacon.hit.v1", key=key)
    assert signer.sign_action(meant) == by_hand(values, b"mailbeacon.action.v1", key=key)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**13), 10**13) | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=4,
)


@given(JSON | st.lists(JSON, min_size=3, max_size=3) | st.tuples(TEXTS, TEXTS, JSON).map(list))
@example(["spring", "", 1_700_000_000])
@example(["spring", "u-17", 0])
@example(["spring", "u-17", True])
@example(["spring", "u-17", 1.5])
@example(["spring", "u-17", 0.5])
@example(["spring", "u-17", 10**12])
@example(["spring", "u-17", "1"])
@example([["spring"], "u-17", 1])
@example({"spring": 1, "u-17": 2, "1": 3})
def test_law_whatever_stands_in_a_signed_token_both_ways_of_reading_it_agree(values):
    """Others may sign by the written form: what is no message is a bad token, and nothing else is raised."""
    token = by_hand(values, b"mailbeacon.hit.v1")
    try:
        read = SIGNER.read_message(token)
    except BadToken:
        with pytest.raises(BadToken):
            SIGNER.read_hit(token)
    else:
        hit = SIGNER.read_hit(token)
        assert (hit.campaign, hit.recipient or "", hit.variant) == (read.campaign, read.recipient, read.variant)
        assert hit.message_id == SIGNER.message_id(read)
        assert (hit.sent_at, hit.opens, hit.clicks) == (read.sent_at, read.opens, read.clicks)


@given(TARGETS, CAMPAIGNS, KEYS)
def test_a_link_token_is_plain_hmac_over_the_campaign_and_the_array(target, campaign, key):
    values = [target.number, target.url, target.channel.value, target.links]
    for default in (0, "html"):
        if values[-1] != default:
            break
        values.pop()
    name = campaign.encode()
    want = by_hand(values, b"mailbeacon.link.v1", key=key, context=b"%d:%s" % (len(name), name))
    assert TokenSigner([key]).sign_link(target, campaign) == want


@given(KEYS, st.binary(max_size=30))
def test_a_derived_key_is_itsdangerous_own_with_sha256(key, salt):
    plain = Signer(key, salt=salt, key_derivation="hmac", digest_method=hashlib.sha256)
    assert derive_key(key, salt) == plain.derive_key() == hmac.new(key, salt, hashlib.sha256).digest()


@given(KEYS, TEXTS)
def test_a_signature_is_what_itsdangerous_makes_cut_to_sixteen_bytes(key, payload):
    body, _, signature = Purpose([key], b"s").sign(payload).encode().rpartition(b".")
    plain = Signer(key, salt=b"s", key_derivation="hmac", digest_method=hashlib.sha256)
    whole = base64.urlsafe_b64decode(plain.get_signature(body) + b"==")
    assert base64.urlsafe_b64encode(whole[:16]).rstrip(b"=") == signature


# laws


@given(MESSAGES)
def test_law_every_message_reads_back(meant):
    assert SIGNER.read_message(SIGNER.sign_message(meant)) == meant
    assert SIGNER.read_action(SIGNER.sign_action(meant)) == meant


@given(MESSAGES)
def test_law_a_hit_says_what_the_message_says_the_first_time_and_again(meant):
    token = SIGNER.sign_message(meant)
    said = Hit(
        meant.campaign,
        meant.recipient,
        SIGNER.message_id(meant),
        meant.variant,
        meant.sent_at,
        meant.opens,
        meant.clicks,
        meant.metadata,
        0,
    )
    assert SIGNER.read_hit(token) == SIGNER.read_hit(token) == said


def test_hits_are_remembered_in_bounds():
    """More tokens than are remembered, and each is still read right."""
    tokens = [SIGNER.sign_message(undated(recipient=f"u-{number}")) for number in range(2500)]
    for _ in range(2):
        assert [SIGNER.read_hit(token)[1] for token in tokens] == [f"u-{number}" for number in range(2500)]
    assert len(SIGNER._hits) <= 1024


@given(TARGETS, CAMPAIGNS)
def test_law_every_link_reads_back(target, campaign):
    assert SIGNER.read_link(SIGNER.sign_link(target, campaign), campaign) == target


@given(MESSAGES)
def test_law_a_token_is_ascii_that_no_url_escapes_and_ends_in_a_letter(meant):
    """So that the punctuation a mail gateway hangs on can be told from the token."""
    token = SIGNER.sign_message(meant)
    assert token.isascii()
    assert set(token) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.")
    assert token[-1] in "AQgw"


def sent_in(zone_moment):
    return undated(sent_at=zone_moment)


@given(st.datetimes(datetime(1971, 1, 1), datetime(2100, 1, 1), timezones=st.timezones()))
def test_law_the_time_of_sending_is_kept_to_the_second_whatever_the_zone(moment):
    assume(moment.utcoffset() is not None)
    read = SIGNER.read_message(SIGNER.sign_message(sent_in(moment)))
    assert read.sent_at == moment.astimezone(UTC).replace(microsecond=0)
    assert SIGNER.message_id(read) == SIGNER.message_id(sent_in(moment))


TOKENS = st.sampled_from(
    [
        (SIGNER.sign_message(undated(sent_at=SENT)), SIGNER.read_message),
        (SIGNER.sign_message(undated()), SIGNER.read_message),
        (SIGNER.sign_message(undated()), SIGNER.read_hit),
        (SIGNER.sign_message(undated(sent_at=SENT)), SIGNER.read_hit),
        (SIGNER.sign_action(undated()), SIGNER.read_action),
        (SIGNER.sign_link(FULL_LINK, "spring"), lambda token: SIGNER.read_link(token, "spring")),
    ]
)
SIGNS = st.sampled_from("ABCZabcz0189-_.=+/ \n\0é\ud800") | st.characters()


@given(TOKENS, st.integers(0, 200), SIGNS, st.sampled_from(["change", "insert", "remove"]))
def test_law_one_character_altered_is_never_accepted(made, position, sign, how):
    """One token has one form: base64 that decodes alike, padding and white space are refused too."""
    token, read = made
    at = position % (len(token) + (how == "insert"))
    altered = token[:at] + ("" if how == "remove" else sign) + token[at + (how != "insert") :]
    assume(altered != token)
    with pytest.raises((BadToken, ForgedToken)):
        read(altered)


@pytest.mark.parametrize(("token", "read"), [(SIGNER.sign_message(undated()), SIGNER.read_message)])
def test_each_single_bit_of_the_signature_counts(token, read):
    """The last letter's unused bits too."""
    for last in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_":
        if last != token[-1]:
            with pytest.raises(ForgedToken):
                read(token[:-1] + last)


@given(st.text(max_size=120) | st.binary(max_size=120).map(lambda raw: raw.decode("latin-1")))
def test_law_no_text_at_all_is_accepted(text):
    for read in (
        SIGNER.read_message,
        SIGNER.read_hit,
        SIGNER.read_action,
        lambda token: SIGNER.read_link(token, "spring"),
    ):
        with pytest.raises(TokenError):
            read(text)


@given(MESSAGES, TARGETS, CAMPAIGNS)
def test_law_purposes_do_not_cross(meant, target, campaign):
    hit, action, link = SIGNER.sign_message(meant), SIGNER.sign_action(meant), SIGNER.sign_link(target, campaign)
    for read, others in (
        (SIGNER.read_message, (action, link)),
        (SIGNER.read_hit, (action, link)),
        (SIGNER.read_action, (hit, link)),
        (lambda token: SIGNER.read_link(token, campaign), (hit, action)),
    ):
        for token in others:
            with pytest.raises(ForgedToken):
                read(token)


@given(TARGETS, CAMPAIGNS, CAMPAIGNS)
def test_law_a_link_works_only_within_its_campaign(target, campaign, other):
    assume(campaign != other)
    with pytest.raises(ForgedToken):
        SIGNER.read_link(SIGNER.sign_link(target, campaign), other)


@given(MESSAGES, TEXTS, TEXTS)
def test_law_namespaces_do_not_cross(meant, one, other):
    assume(one != other)
    token = TokenSigner([KEY], one, allow_addresses=True).sign_message(meant)
    with pytest.raises(ForgedToken):
        TokenSigner([KEY], other).read_message(token)


@given(MESSAGES, st.lists(KEYS, min_size=2, max_size=4, unique_by=lambda key: key.rstrip(b"\0")))
def test_law_old_keys_go_on_verifying_and_the_newest_signs(meant, keys):
    token = TokenSigner(keys[:1], allow_addresses=True).sign_message(meant)
    rotated = TokenSigner(keys, allow_addresses=True)
    assert rotated.read_message(token) == meant
    newest = rotated.sign_message(meant)
    assert newest == TokenSigner(keys[-1:], allow_addresses=True).sign_message(meant)
    with pytest.raises(ForgedToken):
        TokenSigner(keys[:1]).read_message(newest)


@pytest.mark.parametrize("fields", [{"sent_at": SENT}, {}, {"sent_at": SENT, "variant": "b"}])
def test_a_mails_name_stays_when_keys_come_and_the_oldest_goes(fields):
    """It hangs on the key that signed the mail, and on no other."""
    meant = undated(**fields)
    token = TokenSigner([KEY]).sign_message(meant)
    name = SIGNER.message_id(meant)
    assert TokenSigner([NEW_KEY[::-1], KEY]).read_hit(token).message_id == name
    assert TokenSigner([KEY, NEW_KEY]).read_hit(token).message_id == name
    newer = TokenSigner([KEY, NEW_KEY]).sign_message(meant)
    assert TokenSigner([KEY, NEW_KEY]).read_hit(newer) == TokenSigner([KEY, NEW_KEY]).read_hit(newer)
    assert TokenSigner([NEW_KEY]).read_hit(newer).message_id == TokenSigner([KEY, NEW_KEY]).message_id(meant) != name


def test_a_mails_name_is_the_hosts_own_or_a_keyed_digest_of_what_tells_mails_apart():
    """Without the key nobody can try recipients out."""

    def named(**fields):
        return SIGNER.message_id(undated(**fields))

    assert named(id="m-9") == "m-9"
    assert named(sent_at=SENT + timedelta(microseconds=5)) == named(sent_at=SENT) == named(sent_at=SENT, variant="b")
    assert len({named(), named(sent_at=SENT), named(sent_at=SENT + timedelta(seconds=1)), named(campaign="")}) == 4
    assert TokenSigner([NEW_KEY]).message_id(undated()) != named()
    assert named(id="m-9", opens=Level.AGGREGATE, clicks=Level.NONE) == ""


@given(st.tuples(TEXTS, TEXTS.filter(bool)), st.tuples(TEXTS, TEXTS.filter(bool)))
def test_law_two_mails_have_two_names(one, other):
    names = {SIGNER.message_id(Message(campaign=campaign, recipient=recipient)) for campaign, recipient in (one, other)}
    assert len(names) == len({one, other})


def test_a_new_key_makes_new_digests_so_that_an_old_one_opens_none_of_them():
    assert (
        TokenSigner([KEY, NEW_KEY]).derive("facts") == TokenSigner([NEW_KEY]).derive("facts") != SIGNER.derive("facts")
    )


def test_a_digest_depends_on_the_purpose_and_has_the_asked_size():
    assert digest(SIGNER, "a", b"x") != digest(SIGNER, "b", b"x")
    assert len(digest(SIGNER, "a", b"x", 8)) == 16


# what is refused


@pytest.mark.parametrize("field", ["recipient", "campaign", "id", "variant"])
def test_a_lone_surrogate_is_a_config_error(field):
    with pytest.raises(ConfigError, match="surrogate"):
        SIGNER.sign_message(undated(**{field: "a\ud800"}))


def test_a_lone_surrogate_in_a_link_is_a_config_error():
    with pytest.raises(ConfigError, match="surrogate"):
        SIGNER.sign_link(Target(number=1, url="https://example.com/\udfff"), "spring")
    with pytest.raises(ConfigError, match="surrogate"):
        SIGNER.sign_link(FULL_LINK, "\ud800")


def test_a_link_needs_a_campaign():
    with pytest.raises(ConfigError, match="campaign"):
        SIGNER.sign_link(FULL_LINK, "")


class Untouchable(str):
    """A text that may be measured and nothing more."""

    __slots__ = ()

    def __getitem__(self, key):
        raise AssertionError("looked into")

    def encode(self, *_):
        raise AssertionError("encoded")


@pytest.mark.parametrize("length", [MAX_TOKEN_LENGTH + 1, 1_000_000])
def test_a_huge_token_is_refused_before_any_work(length):
    for read in (
        SIGNER.read_message,
        SIGNER.read_hit,
        SIGNER.read_action,
        lambda token: SIGNER.read_link(token, "spring"),
    ):
        with pytest.raises(BadToken, match="longer"):
            read(Untouchable("a" * length))


def test_the_longest_token_is_still_read():
    longest = undated(id="x" * 12_000)
    token = SIGNER.sign_action(longest)
    assert 16_000 < len(token) <= MAX_TOKEN_LENGTH
    assert SIGNER.read_action(token) == longest
    with pytest.raises(ConfigError, match="at most 500"):  # for it stands in every link
        SIGNER.sign_message(longest)


def test_a_token_of_exactly_500_characters_is_signed_and_one_of_501_is_not():
    """That much is set aside for it in every link."""
    assert len(SIGNER.sign_message(undated(id="x" * 335))) == 500
    with pytest.raises(ConfigError, match="would have 502"):  # no base64 makes 501
        SIGNER.sign_message(undated(id="x" * 336))


@pytest.mark.parametrize("sign", ["sign_message", "sign_action"])
def test_an_address_is_signed_only_where_that_is_allowed(sign):
    to = undated(recipient="ann@example.net")
    assert getattr(SIGNER, sign)(to)
    with pytest.raises(ConfigError, match="allow_addresses=True") as caught:
        getattr(TokenSigner([KEY]), sign)(to)
    assert "ann" not in str(caught.value)


@pytest.mark.parametrize(
    "values",
    [
        pytest.param({"campaign": "spring"}, id="no list"),
        pytest.param(["spring"], id="too few"),
        pytest.param(["spring", "u-17", 0, "", "", "33", {}, "more"], id="too many"),
        pytest.param(["spring", "u-17", 0, "", "", "33", "more"], id="metadata that is no object"),
        pytest.param(["spring", "u-17", 0, "", "", "33", {"a": 1}], id="metadata that is no text"),
        pytest.param(["spring", "u-17", 0, "", "", "33", {"a": "x" * 300}], id="metadata that is too long"),
        pytest.param(["spring", 17], id="a number for a recipient"),
        pytest.param(["spring", ""], id="no recipient"),
        pytest.param(["spring", "u-17", "soon"], id="a text for a time"),
        pytest.param(["spring", "u-17", 10**30], id="a time no clock knows"),
        pytest.param(["spring", "u-17", 0, "", "", "4"], id="levels that are not two"),
        pytest.param(["spring", "u-17", 0, "", "", ["33"]], id="levels that are no text"),
    ],
)
def test_a_signed_content_of_another_shape_is_a_bad_token(values):
    """Only a holder of the key can make one; it must still not look like an accident."""
    with pytest.raises(BadToken):
        SIGNER.read_message(by_hand(values, b"mailbeacon.hit.v1"))


@pytest.mark.parametrize(
    "values",
    [
        pytest.param([1], id="too few"),
        pytest.param([1, "https://example.com/", "html", 0, 0], id="too many"),
        pytest.param(["1", "https://example.com/"], id="a text for a number"),
        pytest.param([1, 2], id="a number for a destination"),
        pytest.param([1, "https://example.com/", "html", True], id="no number of destinations"),
        pytest.param([1, "https://example.com/", "fax"], id="a part that does not exist"),
    ],
)
def test_a_signed_link_of_another_shape_is_a_bad_token(values):
    with pytest.raises(BadToken):
        SIGNER.read_link(by_hand(values, b"mailbeacon.link.v1", context=b"6:spring"), "spring")


def raw_token(payload):
    body = b"a" + base64.urlsafe_b64encode(payload).rstrip(b"=")
    derived = hmac.new(KEY, b"mailbeacon.hit.v1", hashlib.sha256).digest()
    signature = hmac.new(derived, body, hashlib.sha256).digest()[:16]
    return (body + b"." + base64.urlsafe_b64encode(signature).rstrip(b"=")).decode()


@pytest.mark.parametrize("payload", [b"", b"[", b"\xff", b"[" * 5000, b"nonsense"])
def test_a_signed_content_that_is_no_json_is_a_bad_token(payload):
    with pytest.raises(BadToken):
        SIGNER.read_message(raw_token(payload))


@given(TOKENS, st.integers(0, 200), SIGNS)
def test_law_no_error_holds_text_of_the_token(made, position, sign):
    token, read = made
    at = position % len(token)
    altered = token[:at] + sign + token[at + 1 :]
    assume(altered != token)
    with pytest.raises(TokenError) as caught:
        read(altered)
    said = str(caught.value)
    assert not any(altered[start : start + 6] in said for start in range(len(altered) - 5))
    assert said == said.lower()


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        pytest.param([], "at least one key", id="none"),
        pytest.param([b"x"], "at least 16 bytes, got 1", id="a short one"),
        pytest.param(b"0123456789abcdef", "a list of keys", id="no list"),
    ],
)
def test_keys_that_cannot_work_are_refused_by_the_signer_too(keys, said):
    with pytest.raises(ConfigError, match=said):
        TokenSigner(keys)


@pytest.mark.parametrize(
    "moment",
    [
        pytest.param(datetime.max.replace(tzinfo=UTC), id="the calendar's last moment, which rounds up"),
        pytest.param(datetime(1970, 1, 1, tzinfo=UTC), id="the epoch, which would be read as none"),
        pytest.param(datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14))), id="before the calendar begins"),
    ],
)
@pytest.mark.parametrize("more", [{}, {"id": "m"}], ids=["plain", "with an id"])
def test_a_moment_that_could_not_be_read_back_is_not_signed(moment, more):
    message = Message(recipient="u", campaign="c", sent_at=moment, **more)
    with pytest.raises(ConfigError, match="sent_at"):
        SIGNER.sign_message(message)


@pytest.mark.parametrize(
    ("digits", "opens", "clicks"), [("44", Level.NONE, Level.NONE), ("39", Level.FULL, Level.NONE)]
)
def test_a_level_of_a_later_version_counts_as_none_and_its_links_go_on_working(digits, opens, clicks):
    token = SIGNER._hit.sign(json.dumps(["spring", "u-17", 0, "", "", digits], separators=(",", ":")))
    assert SIGNER.read_message(token) == undated(opens=opens, clicks=clicks)


@pytest.mark.parametrize(
    ("levels", "token"),
    [
        pytest.param(
            (Level.DATE, Level.FULL),
            "aWyJzcHJpbmciLCJ1LTE3IiwxNzk1NDI0NDAwLCIiLCIiLCIyMyJd.MDe70XKjm2xwZ43OgkLMIQ",
            id="DATE for opens",
        ),
        pytest.param(
            (Level.DATE, Level.DATE),
            "aWyJzcHJpbmciLCJ1LTE3IiwxNzk1NDI0NDAwLCIiLCIiLCIyMiJd.dn2hXWRAhuyPKMbranzeqQ",
            id="DATE for both",
        ),
    ],
)
def test_a_frozen_token_of_level_date_names_the_recipient(levels, token):
    opens, clicks = levels
    named = undated(sent_at=SENT, opens=opens, clicks=clicks)
    assert SIGNER.sign_message(named) == token
    assert SIGNER.read_message(token) == named


def test_the_names_of_mails_are_frozen():
    """Stores hold them."""
    assert SIGNER.message_id(undated()) == "72491f11b3ac202613c7a34c"
    assert SIGNER.message_id(undated(sent_at=SENT)) == "78c715678ec23c1599083755"
    assert SIGNER.message_id(undated(recipient="\ud800"))
    assert SIGNER.keyed_hashes("a")[0].hexdigest() == "2b34de01695492d40167cc337ce4ec28"


def test_what_most_tokens_hold_is_read_as_a_whole_hit():
    found = SIGNER.read_hit(SIGNER.sign_message(undated(sent_at=SENT)))
    assert found == Hit(
        "spring", "u-17", SIGNER.message_id(undated(sent_at=SENT)), "", SENT, Level.FULL, Level.FULL, {}, 0
    )
    shared = SIGNER.read_hit(SIGNER.sign_message(undated(opens=Level.AGGREGATE, clicks=Level.AGGREGATE)))
    assert (shared.recipient, shared.message_id) == (None, "")


@pytest.mark.parametrize("opens", [Level.AGGREGATE, Level.NONE])
def test_a_link_to_leave_names_whom_it_is_for_where_nobody_is_told_apart(opens):
    """The levels are kept, but for the one that would leave the recipient out."""
    token = SIGNER.sign_action(undated(opens=opens, clicks=Level.AGGREGATE))
    assert SIGNER.read_action(token) == undated(opens=Level.NONE, clicks=Level.NONE)
    kept = undated(opens=Level.NONE, clicks=Level.FULL)
    assert SIGNER.read_action(SIGNER.sign_action(kept)) == kept


def test_a_signer_shows_no_key():
    assert repr(SIGNER).startswith("TokenSigner(")
    assert KEY.decode() not in repr(SIGNER)


def refused(token, signer):
    with pytest.raises(TokenError) as caught:
        signer.read_message(token)
    return type(caught.value)


@pytest.mark.parametrize("encrypt", [False, True])
def test_what_has_the_form_of_a_token_is_forged_and_what_has_not_is_bad_whatever_its_length(encrypt):
    signer = TokenSigner([b"0123456789abcdef"], encrypt=encrypt)
    signature = "." + "A" * 22
    for body in ("aA", "a" + "A" * (MAX_TOKEN_LENGTH - 24)):
        assert refused(body + signature, signer) is ForgedToken
    longest = "a" + "A" * (MAX_TOKEN_LENGTH - 24)
    assert len(longest + signature) == MAX_TOKEN_LENGTH
    assert refused(longest + signature, signer) is ForgedToken
    for bad in (
        longest + "A" + signature,
        "A" + signature,
        "aA.A",
        "aA" + signature + "A",
        "",
        "\ud800",
        "a\ud800",
        "b\ud800",
    ):
        assert refused(bad, signer) is BadToken
    sealed = "b" + "A" * (MAX_TOKEN_LENGTH - 4)
    assert refused(sealed, signer) is ForgedToken
    assert refused(sealed + "A" * 8, signer) is BadToken
