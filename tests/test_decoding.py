"""What a tracking URL says, and that nothing unsigned is believed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbeacon.decoding import Decoder, decode, destination, is_open
from mailbeacon.errors import BadToken, ConfigError, ForgedToken, TokenError
from mailbeacon.links import Routes, short_name
from mailbeacon.model import Action, Channel, Event, Facts, Kind, Level, Manifest, Message, Request, Target
from mailbeacon.tokens import TokenSigner
from tests.making import request

NOW = datetime(2026, 3, 2, 9, 30, 0, 123456, tzinfo=UTC)
SIGNER = TokenSigner([b"an old key of 16+", b"the newest key 16+"])
ROUTES = Routes("https://t.example.com/m")
MESSAGE = Message(recipient="u-17", campaign="spring", variant="b", sent_at=NOW.replace(microsecond=0))
TARGET = Target(number=3, url="https://example.com/a?b=1&c=2", channel=Channel.TEXT)
TOKEN = SIGNER.sign_message(MESSAGE)
LINK = SIGNER.sign_link(TARGET, "spring")
OPEN = ROUTES.open(TOKEN)
CLICK = ROUTES.click(TOKEN, LINK)


def requested(url: str, **values: object) -> Request:
    """Return what a client asked for within a second."""
    return request(url, **{"received_at": NOW, **values})


def test_an_open_says_whose_mail_it_was():
    event = decode(requested(OPEN, headers={"User-Agent": "Mozilla/5.0"}), SIGNER)
    assert event == Event(
        id=event.id,
        kind=Kind.OPEN,
        received_at=NOW,
        recipient="u-17",
        campaign="spring",
        message_id=SIGNER.message_id(MESSAGE),
        variant="b",
        sent_at=MESSAGE.sent_at,
        method="GET",
        address="192.0.2.77",
        user_agent="Mozilla/5.0",
    )
    assert event.facts == Facts()


def test_a_click_says_which_link_it_was():
    event = decode(requested(CLICK, method="HEAD"), SIGNER)
    assert (event.kind, event.link, event.url, event.channel) == (Kind.CLICK, 3, TARGET.url, Channel.TEXT)
    assert (event.recipient, event.method) == ("u-17", "HEAD")


def test_a_leaving_link_says_whose_mail_it_was_in():
    event = decode(requested(ROUTES.leave(SIGNER.sign_action(MESSAGE))), SIGNER)
    assert (event.kind, event.recipient, event.link) == (Kind.LEAVE_PAGE, "u-17", None)


@pytest.mark.parametrize(
    "url",
    [
        pytest.param(OPEN.replace("https://t.example.com/m", ""), id="a path without its mount"),
        pytest.param(OPEN.replace("/m/", "/any/other/mount/"), id="another mount"),
        pytest.param(OPEN + "?utm_source=x&u=https://evil.example", id="a query"),
        pytest.param(quote(OPEN, safe="/:"), id="percent-encoded once"),
        pytest.param(OPEN + ">", id="punctuation a gateway hung on"),
    ],
)
def test_what_gateways_and_mounts_do_to_a_url_changes_nothing(url):
    assert replace(decode(requested(url), SIGNER), id="") == replace(decode(requested(OPEN), SIGNER), id="")


def test_the_levels_that_were_signed_are_the_events_own():
    token = SIGNER.sign_message(replace(MESSAGE, opens=Level.NONE))
    assert decode(requested(ROUTES.open(token)), SIGNER).level is Level.NONE
    assert decode(requested(ROUTES.click(token, LINK)), SIGNER).level is Level.FULL


def test_the_hosts_own_message_id_is_kept():
    token = SIGNER.sign_message(replace(MESSAGE, id="mail-4711"))
    assert decode(requested(ROUTES.open(token)), SIGNER).message_id == "mail-4711"


def test_only_headers_of_the_allow_list_are_kept_and_a_referer_by_its_host():
    headers = {
        "Accept": "text/html",
        "Cookie": "session=secret",
        "Authorization": "Basic c2VjcmV0",
        "X-Forwarded-For": "198.51.100.9",
        "Referer": "https://mail.example.org/inbox/4711?user=ann",
    }
    kept = decode(requested(CLICK, headers=headers), SIGNER).headers
    assert kept == (("accept", "text/html"), ("referer", "mail.example.org"))
    assert dict(decode(requested(CLICK, headers={"Referer": "http://[::1"}), SIGNER).headers) == {"referer": ""}


# identity


def test_the_same_request_read_again_is_the_same_event():
    other_zone = NOW.astimezone(timezone(timedelta(hours=5, minutes=30)))
    again = decode(requested(CLICK, received_at=other_zone), SIGNER)
    assert again.id == decode(requested(CLICK), SIGNER).id
    assert again.id == decode(requested(CLICK + "?x=1"), SIGNER).id


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(requested(OPEN), id="an open instead of a click"),
        pytest.param(requested(CLICK, received_at=NOW + timedelta(microseconds=1)), id="a microsecond later"),
        pytest.param(requested(CLICK, method="HEAD"), id="another method"),
        pytest.param(requested(CLICK, address="192.0.2.78"), id="another address"),
        pytest.param(requested(CLICK, headers={"User-Agent": "x"}), id="another user agent"),
        pytest.param(
            requested(ROUTES.click(TOKEN, SIGNER.sign_link(replace(TARGET, number=4), "spring"))), id="another link"
        ),
    ],
)
def test_another_request_is_another_event(other):
    assert decode(other, SIGNER).id != decode(requested(CLICK), SIGNER).id


def test_an_event_id_needs_the_key_and_survives_a_new_one():
    stranger = TokenSigner([b"a key of somebody else"])
    event = decode(requested(OPEN), SIGNER)
    foreign = decode(requested(ROUTES.open(stranger.sign_message(MESSAGE))), stranger)
    assert event.id != foreign.id
    rotated = TokenSigner([b"an old key of 16+", b"the newest key 16+", b"an even newer key"])
    assert decode(requested(OPEN), rotated) == event


# age


@pytest.mark.parametrize(
    ("age", "max_age", "expired"),
    [
        pytest.param(timedelta(days=400), None, False, id="no limit, no expiry"),
        pytest.param(timedelta(days=30), timedelta(days=30), False, id="as old as allowed"),
        pytest.param(
            timedelta(days=30, minutes=4), timedelta(days=30), False, id="older by less than clocks may differ"
        ),
        pytest.param(timedelta(days=30, minutes=6), timedelta(days=30), True, id="too old"),
        pytest.param(timedelta(minutes=-4), None, False, id="sent a little in the future: clocks differ"),
        pytest.param(timedelta(minutes=-6), None, True, id="sent in the future: says nothing that counts"),
    ],
)
def test_an_event_outside_its_time_is_expired_and_still_decoded(age, max_age, expired):
    received_at = MESSAGE.sent_at + age
    event = decode(requested(CLICK, received_at=received_at), SIGNER, max_age=max_age)
    assert event.expired is expired
    assert event.url == TARGET.url


@pytest.mark.parametrize("sent_at", [datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 12, 30, tzinfo=UTC)])
@pytest.mark.parametrize("max_age", [None, timedelta(days=1), timedelta.max])
def test_the_farthest_times_of_sending_are_decoded_too(sent_at, max_age):
    url = ROUTES.open(SIGNER.sign_message(replace(MESSAGE, sent_at=sent_at)))
    event = decode(requested(url), SIGNER, max_age=max_age)
    assert event.sent_at == sent_at
    assert event.expired is (sent_at > NOW or max_age == timedelta(days=1))


def test_a_decoder_gives_what_decode_gives_and_a_new_event_each_time():
    decoder = Decoder(SIGNER, max_age=timedelta(minutes=1))
    late = requested(CLICK, received_at=NOW + timedelta(days=1))
    for asked in (requested(OPEN), requested(CLICK), late, requested(ROUTES.leave(SIGNER.sign_action(MESSAGE)))):
        first, again = decoder.decode(asked), decoder.decode(asked)
        assert first == again == decode(asked, SIGNER, max_age=timedelta(minutes=1))
        assert first is not again
    assert decoder.decode(late).expired


def test_a_message_without_a_sending_time_never_expires():
    token = SIGNER.sign_message(Message(recipient="u-17"))
    assert not decode(requested(ROUTES.open(token)), SIGNER, max_age=timedelta(0)).expired


# short links


SHORT = short_name(3, TARGET.url, TARGET.channel)
MANIFEST = Manifest(campaign="spring", targets={SHORT: TARGET})


def test_a_short_link_leads_where_the_manifest_of_its_campaign_says():
    asked = []

    def manifests(campaign: str) -> Manifest:
        asked.append(campaign)
        return MANIFEST

    event = decode(requested(ROUTES.click(TOKEN, SHORT)), SIGNER, manifests=manifests)
    assert (event.link, event.url, event.channel, asked) == (3, TARGET.url, Channel.TEXT, ["spring"])


@pytest.mark.parametrize(
    "manifests",
    [
        pytest.param(None, id="no manifests"),
        pytest.param(lambda _: None, id="none for this campaign"),
        pytest.param(lambda _: Manifest(campaign="spring"), id="one that does not know the link"),
        pytest.param(lambda _: replace(MANIFEST, campaign="autumn"), id="one of another campaign"),
    ],
)
def test_a_short_link_nobody_knows_is_a_bad_token(manifests):
    with pytest.raises(BadToken):
        decode(requested(ROUTES.click(TOKEN, SHORT)), SIGNER, manifests=manifests)


def test_signed_links_go_on_working_beside_short_ones():
    assert decode(requested(CLICK), SIGNER, manifests=lambda _: MANIFEST).url == TARGET.url


# links that are remembered


def test_a_link_that_is_known_works_in_its_own_campaign_alone():
    decoder, other = Decoder(SIGNER), SIGNER.sign_message(replace(MESSAGE, campaign="autumn"))
    for _ in range(2):
        assert decoder.decode(requested(CLICK)).url == TARGET.url
        with pytest.raises(ForgedToken):
            decoder.decode(requested(ROUTES.click(other, LINK)))


def test_a_short_link_is_asked_of_the_manifest_there_is_now():
    now = [MANIFEST]
    decoder = Decoder(SIGNER, manifests=lambda _: now[-1])
    asked = requested(ROUTES.click(TOKEN, SHORT))
    before = decoder.decode(asked)
    now.append(replace(MANIFEST, targets={SHORT: replace(TARGET, url="https://example.com/b", number=4)}))
    after = decoder.decode(asked)
    assert ((before.link, before.url), (after.link, after.url)) == ((3, TARGET.url), (4, "https://example.com/b"))
    assert before.url_id != after.url_id
    assert before.url_id == decode(requested(CLICK), SIGNER).url_id


def test_links_are_remembered_in_bounds():
    """More links than are remembered, and each is still read right."""
    decoder, signed = (
        Decoder(SIGNER),
        [SIGNER.sign_link(replace(TARGET, number=number), "spring") for number in range(4100)],
    )
    for number in (*range(4100), 0, 4099):
        assert decoder.decode(requested(ROUTES.click(TOKEN, signed[number]))).link == number
    assert len(decoder._links) <= 4096


# nothing unsigned


STRANGER = TokenSigner([b"a key of somebody else"])


@pytest.mark.parametrize(
    "url",
    [
        pytest.param(ROUTES.open(STRANGER.sign_message(MESSAGE)), id="a message signed by somebody else"),
        pytest.param(ROUTES.click(TOKEN, STRANGER.sign_link(TARGET, "spring")), id="a link signed by somebody else"),
        pytest.param(ROUTES.click(TOKEN, SIGNER.sign_link(TARGET, "autumn")), id="a link of another campaign"),
        pytest.param(ROUTES.click(TOKEN, TOKEN), id="an open's token in place of a link's"),
        pytest.param(ROUTES.click(SIGNER.sign_action(MESSAGE), LINK), id="an action's token in place of a message's"),
        pytest.param(ROUTES.open(SIGNER.sign_action(MESSAGE)), id="an action's token as an open's"),
        pytest.param(ROUTES.leave(TOKEN), id="an open's token as an action's"),
        pytest.param(ROUTES.open(LINK), id="a link's token as an open's"),
    ],
)
def test_case_19_a_token_is_worth_nothing_for_another_purpose_campaign_or_key(url):
    with pytest.raises(ForgedToken):
        decode(requested(url), SIGNER)


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("/m/c/" + TOKEN, id="a click without a link"),
        pytest.param(f"/m/c/{TOKEN}/https://evil.example/", id="a destination in the clear"),
        pytest.param(f"/m/c/{TOKEN}?url=https://evil.example/", id="a destination in the query"),
        pytest.param(f"/m/o/{'a' * 1_000_000}.gif", id="a token of 1 MB"),
        pytest.param("/", id="nothing"),
        pytest.param("", id="less than nothing"),
    ],
)
def test_what_is_not_a_tracking_url_is_a_bad_token(url):
    with pytest.raises(BadToken):
        decode(requested(url), SIGNER)


@given(position=st.integers(0, 10_000), letter=st.characters(codec="ascii"), url=st.sampled_from([OPEN, CLICK]))
def test_law_one_letter_changed_is_refused_or_changes_nothing(position, letter, url):
    start = url.index("/m/") + 5
    place = start + position % (len(url) - start)
    altered = url[:place] + letter + url[place + 1 :]
    try:
        event = decode(requested(altered), SIGNER)
    except TokenError as error:
        said = str(error)
        event = None
    if event is None:
        assert TOKEN not in said
        assert "u-17" not in said
    else:
        assert event == decode(requested(url), SIGNER)


def test_a_request_without_its_moment_is_a_config_error():
    with pytest.raises(ConfigError, match="received_at"):
        decode(requested(OPEN, received_at=None), SIGNER)


def test_an_event_keeps_its_id_when_keys_come_and_the_oldest_goes():
    """It hangs on the key that signed the mail, as its name does."""
    old, new = b"an old key of 16+", b"the newest key 16+"
    token = TokenSigner([old, new]).sign_message(MESSAGE)
    link = TokenSigner([old, new]).sign_link(Target(number=3, url="https://example.com/?a"), "spring")
    read = [
        decode(requested(ROUTES.click(token, link)), TokenSigner(keys))
        for keys in ([old, new], [new], [new, b"one more key 16+"])
    ]
    assert read[0] == read[1] == read[2]
    assert read[0].url_id


def test_destinations_are_told_apart_by_a_keyed_digest():
    def clicked(url, signer=SIGNER):
        link = signer.sign_link(Target(number=3, url=url), "spring")
        return decode(requested(ROUTES.click(signer.sign_message(MESSAGE), link)), signer).url_id

    assert clicked("https://example.com/?a") == clicked("https://example.com/?a") != clicked("https://example.com/?b")
    assert clicked("https://example.com/?a") != clicked("https://example.com/?a", STRANGER)


def test_metadata_and_the_number_of_destinations_come_back():
    token = SIGNER.sign_message(replace(MESSAGE, metadata={"order": "8841"}))
    link = SIGNER.sign_link(Target(number=3, url="https://example.com/", links=12), "spring")
    event = decode(requested(ROUTES.click(token, link)), SIGNER)
    assert (event.metadata, event.link, event.links) == ({"order": "8841"}, 3, 12)
    event.metadata.clear()
    assert decode(requested(ROUTES.click(token, link)), SIGNER).metadata == {"order": "8841"}
    unknown = SIGNER.sign_link(Target(number=3, url="https://example.com/a"), "spring")
    assert decode(requested(ROUTES.click(token, unknown)), SIGNER).links is None
    assert decode(requested(ROUTES.open(token)), SIGNER).links is None


# what is written into stores, and what a POST does


def test_the_ids_of_events_and_destinations_are_frozen():
    """Stores hold them, and a log that is read again must give the same."""
    event = decode(requested(CLICK, headers={"User-Agent": "x"}), SIGNER)
    assert (event.id, event.url_id) == ("425a23f387dc5632d194f53780307b74", "bc1024ee15ab7eb1")
    nothing_said = decode(requested(OPEN), SIGNER)
    assert (nothing_said.id, nothing_said.user_agent) == ("d2e473bf4133db0131238a22bde8ddd1", "")


@pytest.mark.parametrize(
    ("action", "kind", "name"),
    [
        (Action.UNSUBSCRIBE, Kind.UNSUBSCRIBE, "2e37610de4ed04692b1093c07fe0c1be"),
        (Action.STOP_TRACKING, Kind.WITHDRAW, "353d98ec09bdffe371ef91f135900f7e"),
    ],
)
def test_a_post_to_the_leaving_route_acts_once_however_often_it_comes(action, kind, name):
    url = ROUTES.leave(SIGNER.sign_action(replace(MESSAGE, clicks=Level.DATE), action))
    looked = decode(requested(url), SIGNER)
    assert (looked.kind, looked.level) == (Kind.LEAVE_PAGE, Level.DATE)
    plain = ROUTES.leave(SIGNER.sign_action(MESSAGE, action))
    later = requested(plain, method="POST", received_at=NOW + timedelta(hours=1), address="192.0.2.78")
    for post in (requested(plain, method="POST"), later):
        done = decode(post, SIGNER)
        assert (done.kind, done.level, done.id) == (kind, Level.FULL, name)
    begun = Decoder(SIGNER).begin(url, NOW, "POST")
    assert (begun.is_act, begun.event.kind, begun.event.level) == (True, kind, Level.FULL)
    assert Decoder(SIGNER).action(url) is action
    assert not Decoder(SIGNER).begin(OPEN, NOW, "POST").is_act


def test_a_request_no_utf8_can_carry_is_an_event_too():
    assert decode(requested(OPEN, headers={"User-Agent": "\udc80"}), SIGNER).id != decode(requested(OPEN), SIGNER).id
    odd = Manifest(campaign="spring", targets={SHORT: replace(TARGET, url="https://example.com/\udc80")})
    assert decode(requested(ROUTES.click(TOKEN, SHORT)), SIGNER, manifests=lambda _: odd).url_id


def test_a_referer_without_a_host_is_kept_as_nothing():
    assert decode(requested(OPEN, headers={"Referer": "about:blank"}), SIGNER).headers == (("referer", ""),)


@pytest.mark.parametrize(
    ("age", "expired"),
    [
        (-timedelta(minutes=2), False),
        (-timedelta(minutes=2, microseconds=1), True),
        (timedelta(days=30, minutes=2), False),
        (timedelta(days=30, minutes=2, microseconds=1), True),
    ],
)
def test_the_hosts_own_skew_holds_to_the_microsecond(age, expired):
    late = requested(OPEN, received_at=MESSAGE.sent_at + age)
    found = decode(late, SIGNER, max_age=timedelta(days=30), clock_skew=timedelta(minutes=2))
    assert found.expired is expired


def test_destinations_and_pixels_are_told_without_an_event():
    manifests = {"spring": MANIFEST}.get
    short = ROUTES.click(TOKEN, SHORT)
    assert destination(CLICK, SIGNER) == destination(CLICK, SIGNER, manifests) == TARGET.url
    assert destination(short, SIGNER, manifests) == TARGET.url
    other = ROUTES.click(TOKEN, SIGNER.sign_link(TARGET, "autumn"))
    for url in (OPEN, ROUTES.leave(SIGNER.sign_action(MESSAGE)), short, other, "/"):
        assert destination(url, SIGNER) == ""
        assert url is short or destination(url, SIGNER, manifests) == ""
    assert destination(short, SIGNER, lambda _: None) == ""
    assert is_open(OPEN, SIGNER)
    for url in (CLICK, ROUTES.open(STRANGER.sign_message(MESSAGE)), ROUTES.open(LINK), "/"):
        assert is_open(url, SIGNER) is False
