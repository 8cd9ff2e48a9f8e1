"""Pseudonyms keep people apart and nothing else; the notice says what the settings do, and changes with them."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from datetime import timedelta
from hashlib import blake2b

import pytest
from hypothesis import given
from hypothesis import strategies as st

import mailbeacon as mb
from mailbeacon.errors import ConfigError
from mailbeacon.model import Kind, Level
from mailbeacon.privacy import Pseudonymizer, Retention, notice

KEY = b"an example key of 27 bytes!"


def settings(**options):
    return mb.Settings(**{"base_url": "https://t.example.com/m", "secret_keys": [b"0123456789abcdef"], **options})


# pseudonyms


@given(st.text(min_size=1), st.text(min_size=1))
def test_law_the_same_id_gives_the_same_name_and_another_another(one, other):
    name = Pseudonymizer(KEY)
    assert (name(one) == name(other)) is (one == other)
    assert name(one) == Pseudonymizer(KEY)(one)
    assert Pseudonymizer(KEY + b"2")(one) != name(one)
    assert len(name(one)) == 20
    assert len(one) < 4 or one not in name(one)


def test_a_frozen_name_stays_what_it_was():
    assert Pseudonymizer(KEY)("u-17") == "KAmdWrB5fwPUi6R3sNsD"


@pytest.mark.parametrize("length", [16, 64, 65, 200])
def test_a_name_is_a_keyed_digest_and_a_key_longer_than_that_takes_is_hashed_first(length):
    key = bytes(range(length))
    short = key if length <= 64 else blake2b(key).digest()
    digest = blake2b(b"u-17", key=short, digest_size=15, person=b"mb-recipient").digest()
    assert Pseudonymizer(key)("u-17") == urlsafe_b64encode(digest).decode()


def test_a_name_goes_through_a_token_and_comes_back_in_the_event():
    beacon = mb.Beacon(settings=settings())
    name = Pseudonymizer(KEY)("ann@example.net")
    url = beacon.open_url(mb.Message(recipient=name, campaign="spring"))
    assert beacon.decode(mb.Request(url=url)).recipient == name


@pytest.mark.parametrize("key", [b"short", b"a" * 32, 5])
def test_a_key_without_strength_is_refused(key):
    with pytest.raises(ConfigError):
        Pseudonymizer(key)


@pytest.mark.parametrize("recipient", ["", None, 17])
def test_a_name_is_made_of_a_text_alone(recipient):
    with pytest.raises(ConfigError):
        Pseudonymizer(KEY)(recipient)


def test_the_key_is_not_shown():
    assert repr(Pseudonymizer(KEY)) == "Pseudonymizer()"


# the notice


@pytest.mark.parametrize(
    ("options", "said", "unsaid"),
    [
        pytest.param(
            {}, ["your number on our list", "code made of it", "write to us", "Sec-GPC"], ["agreed"], id="as it is"
        ),
        pytest.param({"default_level": Level.NONE}, ["do not record"], ["Sec-GPC", "deleted"], id="nothing"),
        pytest.param({"ceiling": Level.AGGREGATE}, ["for everybody together"], ["your number"], id="counts"),
        pytest.param({"default_level": Level.DATE}, ["the day on which you last did"], ["your number"], id="a date"),
        pytest.param(
            {"consent": lambda *_: True}, ["as far as you have agreed", "stop it at any time"], [], id="consent"
        ),
        pytest.param(
            {"keep_address": "keep"}, ["network address is kept as it came"], ["and not kept"], id="addresses"
        ),
        pytest.param({"keep_user_agent": "truncate"}, ["kept in a shortened form"], [], id="short agents"),
        pytest.param(
            {"keep_address": "hash"}, ["as a code that the same address gives again"], [], id="hashed addresses"
        ),
        pytest.param({"keep_headers": "keep"}, ["sends along"], [], id="headers"),
        pytest.param({"keep_url": "keep"}, ["kept whole"], [], id="whole links"),
        pytest.param({"honor_dnt": True}, ["Do Not Track"], [], id="DNT"),
    ],
)
def test_the_notice_says_what_the_settings_do_and_nothing_they_do_not(options, said, unsaid):
    text = notice(settings(**options))
    assert [word for word in said if word not in text] == []
    assert [word for word in unsaid if word in text] == []
    assert "\n" not in text
    assert "  " not in text
    assert "0123456789abcdef" not in text


def test_the_notice_says_how_long():
    assert "until we delete it" in notice(settings())
    rules = [
        Retention(after=timedelta(days=90), drop="recipient"),
        Retention(after=timedelta(days=365)),
        Retention(after=timedelta(days=30), kinds=(Kind.LEAVE_PAGE,)),
    ]
    text = notice(settings(), rules)
    assert "After 90 days at the latest nothing of it names you" in text
    assert "After 365 days it is deleted." in text
    assert "kind leave page are deleted after 30 days" in text


def test_a_place_is_told_of_where_addresses_are_placed():
    class Somewhere:
        def locate(self, address):
            return None

    assert "country" in notice(settings(geo=Somewhere()))


def test_the_whole_notice_reads_like_this():
    rules = [Retention(after=timedelta(days=30), kinds=(Kind.LEAVE_PAGE, Kind.OPEN), drop="recipient")]
    assert notice(
        settings(keep_user_agent="hash", keep_headers="keep", keep_url="keep", honor_dnt=True), rules
    ).endswith(
        "We do so on the basis that is named in our privacy policy. What your program says of itself is kept as a code that "
        "the same text gives again. Some of what your program sends along with a request is kept. Addresses of links are "
        "kept whole. Records of the kind leave page, open are no longer kept with your number after 30 days. To stop it, "
        "write to us. A browser that sends the signal Sec-GPC (Global Privacy Control) is not recorded when you follow a "
        "link. So is one that sends Do Not Track."
    )
    assert notice(settings(ceiling=Level.AGGREGATE, consent=lambda *_: True)).endswith(
        "We do so only as far as you have agreed; without your answer, what you did not allow is not recorded. It is kept "
        "until we delete it. You can stop it at any time by the link in our mails that says so, and go on getting them; it "
        "holds for mails you already have. A browser that sends the signal Sec-GPC (Global Privacy Control) is not recorded "
        "when you follow a link."
    )
    assert "We do so to see how our mails are received on the whole." in notice(settings(ceiling=Level.AGGREGATE))


@pytest.mark.parametrize("size", [64, 65, 300])
def test_a_key_of_any_length_counts_whole(size):
    key = bytes(range(32, 96)) * 5
    assert Pseudonymizer(key[:size])("u-17") != Pseudonymizer(key[: size - 1] + b"\0")("u-17")
    assert Pseudonymizer(key[:size])("\ud800")


@pytest.mark.parametrize(
    ("after", "said"),
    [(timedelta(hours=12), "1 day"), (timedelta(days=1), "1 day"), (timedelta(days=1, seconds=1), "2 days")],
    ids=str,
)
def test_a_notice_never_promises_less_than_the_rule_takes(after, said):
    text = notice(settings(), [Retention(after=after)])
    assert f"After {said} at the latest nothing of it names you any more. After {said} it is deleted." in text
