"""What a tally keeps and for how long: one mail's name, its bounds, closed totals, outcomes, marks and older JSON."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

import mailbeacon as mb
from mailbeacon.counting import Dimension, LinkKey, Mark, Outcomes, Split, Tally, rates, tally
from mailbeacon.counting.traits import LIMIT
from mailbeacon.errors import ConfigError, DataError
from mailbeacon.model import Actor, Facts, Kind, Level, Verdict
from tests.linear import takes_more
from tests.making import NOON, beacon, hit, message, request

PERSON, SCANNER = Verdict(actor=Actor.HUMAN), Verdict(actor=Actor.SCANNER)
VERSION_1 = (
    '{"v":1,"traits":[["click","human",1,"https://example.com/1?mail=ann","html","Gmail","","",""],["open","human",0,"",'
    '"html","Gmail","","",""]],"pages":[{"campaign":"spring","variant":"","group":"sales","mails":{"m1":[[0,29540880,1],'
    '[1,29540880,1]]},"states":{"m3":["sent"],"m4":["bounced","sent"]},"shared":[[1,29540880,1]],"expired":{"open":1},'
    '"reasons":[["click","human","",1],["open","human","",2]],"versions":["rules 1"]}],"deliveries":[["autumn",null,9]]}'
)


def people(*events, **options):
    return tally(events, [PERSON] * len(events), **options)


# One mail's name


def test_one_id_may_serve_a_whole_mailing():
    assert people(*(hit("spring-2026", recipient=f"u{n}") for n in range(100))).mails == 100


def test_a_tally_names_no_recipient_and_no_query():
    found = people(
        hit("", recipient="ann"),
        hit("m", Kind.CLICK, recipient="ann", link=3, url="https://x.example/leave?mail=ann#a"),
    )
    assert "ann" not in found.to_json()
    assert [*found.by(Dimension.LINK, Kind.CLICK)] == [LinkKey("spring", 3, "https://x.example/leave")]


def test_with_a_key_a_list_of_recipients_does_not_find_who_opened():
    one, other = (people(hit(), names_key=key) for key in (b"a secret", b""))
    assert one != other
    assert one.merge(one).mails == 1
    with pytest.raises(ConfigError, match="at most 64 bytes"):
        people(names_key=b"x" * 65)


def test_pairs_are_counted_as_a_sink_gives_them():
    pairs = [(hit(), PERSON), (hit("m2"), None)]
    assert tally(pairs) == tally([event for event, _ in pairs], [PERSON, None])
    for wrong in ([hit()], [(hit(),)], [(PERSON, hit())], [(hit(), "human")]):
        with pytest.raises(ConfigError):
            tally(wrong)


# Bounds


def flood(number, **fields):
    return [hit(minutes=n / 60, client=f"client {n}", **fields) for n in range(number)]


def entries(found):
    pages = json.loads(found.to_json())["pages"]
    return max(len(mail) for page in pages for mail in page["mails"].values())


def test_a_mail_keeps_a_bounded_number_of_entries_whoever_fetches_it():
    links = [hit(kind=Kind.CLICK, minutes=n / 60, link=n, url=f"https://x.example/{n}") for n in range(500)]
    found = tally([*flood(2_000), *links], [SCANNER] * 2_500)
    assert entries(found) <= 2 * LIMIT + 4
    assert found.count(Kind.CLICK).hits.machines == 500
    assert found.count(Kind.CLICK).messages.machines == 1


def test_a_flood_of_machines_does_not_push_a_persons_click_out():
    person = hit(kind=Kind.CLICK, minutes=9_000, link=7, url="https://x.example/7")
    found = tally([*flood(600), person], [*[SCANNER] * 600, PERSON])
    assert found.by(Dimension.LINK, Kind.CLICK)[LinkKey("spring", 7, "https://x.example/7")].messages.people == 1
    assert found.by(Dimension.HOUR, Kind.CLICK)


def test_folding_is_linear():
    once, twice = ((flood(n), [SCANNER] * n) for n in (8_000, 16_000))
    assert not takes_more(lambda given: tally(*given), once, twice, times=3.6)


@given(st.lists(st.integers(0, 150), min_size=60, max_size=400), st.integers(1, 3))
def test_parts_of_a_flooded_mail_merge_to_the_same(numbers, parts):
    events = [hit(kind=Kind.CLICK, minutes=n, link=n, client=str(n), url=f"https://x.example/{n}") for n in numbers]
    found = Tally()
    for at in range(parts):
        found = found.merge(tally(events[at::parts], [SCANNER] * len(events[at::parts])))
    assert found == tally(events, [SCANNER] * len(events))
    assert found.count(Kind.CLICK).hits.machines == len(numbers)


def test_hits_beyond_a_thousand_of_one_message_a_day_are_shown_apart():
    flood = [hit(minutes=n % 60) for n in range(1_500)]
    found = people(*flood, hit("m2"), hit(minutes=24 * 60))
    assert found.count(Kind.OPEN).hits.people == 1_002
    assert sum(count.hits.people for count in found.by(Dimension.HOUR, Kind.OPEN).values()) == 1_002
    assert found.marks[Mark.BEYOND, Kind.OPEN] == 500


def test_hits_that_were_not_recorded_are_said_too():
    found = people(hit(unrecorded=999), *(hit(minutes=n % 60) for n in range(1_100)))
    assert found.marks[Mark.BEYOND, Kind.OPEN] == 999 + 101
    assert Tally.from_json(found.to_json()).marks == found.marks


@pytest.mark.parametrize("number", ["1" + "0" * 400, "9007199254740992", "-1", "1.5", "true"])
def test_json_of_numbers_that_cannot_be_is_refused(number):
    with pytest.raises(DataError):
        Tally.from_json('{"v":2,"traits":[],"pages":[],"deliveries":[[null,null,' + number + "]]}")


def test_the_json_of_version_1_is_read():
    found = Tally.from_json(VERSION_1)
    assert found.count(Kind.OPEN).messages == Split(people=1)
    assert found.count(Kind.OPEN).shared == Split(people=1)
    assert found.by(Dimension.GROUP, Kind.CLICK)["sales"].messages.people == 1
    assert [link.url for link in found.by(Dimension.LINK, Kind.CLICK)] == ["https://example.com/1"]
    assert found.expired == {Kind.OPEN: 1}
    assert found.outcomes == Outcomes(sent=2, delivered=1, bounced=1, unlisted=1)
    assert Tally.from_json(found.to_json()) == found


def test_nobody_has_no_group_and_none_is_asked_for():
    asked = []
    found = tally(
        [hit(recipient=None, level=Level.AGGREGATE), hit("m2")],
        [PERSON, PERSON],
        groups=lambda recipient: asked.append(recipient) or "sales",
    )
    assert {*asked} == {"u"}
    by = found.by(Dimension.GROUP, Kind.OPEN)
    assert {name: count.hits.people for name, count in by.items()} == {"": 1, "sales": 1}


# Closed totals


def test_closed_totals_add_up_are_constant_and_name_no_mail():
    parts = [people(*(hit(f"m{part}-{n}", minutes=n) for n in range(200)), deliveries=500) for part in range(3)]
    whole = closed = Tally()
    for part in parts:
        whole, closed = whole.merge(part), closed.merge(part.closed())
    for kind in (Kind.OPEN, Kind.CLICK):
        assert closed.count(kind) == whole.count(kind)
        for dimension in Dimension:
            assert closed.by(dimension, kind) == whole.by(dimension, kind)
    assert closed == whole.closed()
    assert (closed.mails, closed.deliveries, closed.period) == (whole.mails, 1_500, whole.period)
    assert rates(closed) == rates(whole)
    assert len(closed.to_json()) < 5_000
    assert Tally.from_json(closed.to_json()) == closed
    assert closed.closed() is closed


def test_closed_totals_without_hits_have_no_period_and_come_back():
    closed = people(hit("m1", Kind.SENT)).closed()
    again = Tally.from_json(closed.to_json())
    assert (again, again.period) == (closed, None)


@pytest.mark.parametrize(
    ("change", "value"),
    [
        pytest.param(("audiences", 0), [0, 4, 1], id="an audience that is none"),
        pytest.param(("audiences", 0), [0, 3, 2**53], id="more than can be counted"),
        pytest.param(("tables", 0, 2, 0), ["", *[0] * 11], id="a number too few"),
        pytest.param(("tables", 0, 2, 0), ["", *[0] * 13], id="a number too many"),
        pytest.param(("period", 0), -2, id="a minute before there were any"),
        pytest.param(("mails",), -1, id="mails below none"),
    ],
)
def test_closed_totals_that_cannot_be_are_a_data_error(change, value):
    whole = json.loads(people(hit()).closed().to_json())
    *way, last = ("totals", 0, *change)
    place = whole
    for name in way:
        place = place[name]
    assert place[last] is not None
    place[last] = value
    with pytest.raises(DataError):
        Tally.from_json(json.dumps(whole))


def test_a_closed_tally_says_what_it_no_longer_knows():
    closed = people(hit()).closed(zone="Europe/Berlin")
    assert [*closed.by(Dimension.HOUR, Kind.OPEN, zone="Europe/Berlin")] == [NOON]
    for ask in (
        lambda: closed.by(Dimension.HOUR, Kind.OPEN),
        lambda: closed.count(Kind.OPEN, window=timedelta(minutes=9)),
        lambda: closed.mails_with(Kind.SENT, Kind.BOUNCED),
        lambda: closed.merge(people(hit()).closed()),
    ):
        with pytest.raises(ConfigError):
            ask()


# What became of the mails


@pytest.mark.parametrize(
    ("told", "outcome"),
    [
        pytest.param([Kind.SENT], "delivered", id="sent, and nothing worse heard"),
        pytest.param([Kind.SENT, Kind.DEFERRED], "deferred", id="put off"),
        pytest.param([Kind.DEFERRED, Kind.DELIVERED], "delivered", id="a soft bounce, then delivered"),
        pytest.param([Kind.BOUNCED, Kind.DELIVERED], "delivered", id="a bounce before the delivery was tried again"),
        pytest.param([Kind.DELIVERED, Kind.BOUNCED], "bounced", id="a bounce after the delivery is one"),
        pytest.param([Kind.SENT, Kind.BOUNCED], "bounced", id="a hard bounce"),
        pytest.param([Kind.REJECTED], "rejected", id="the provider would not send"),
    ],
)
def test_what_became_of_a_mail(told, outcome):
    events = [hit(kind=kind, minutes=n) for n, kind in enumerate(told)]
    for given_as in (events, events[::-1]):
        assert people(*given_as).outcomes == Outcomes(sent=1, **{outcome: 1})
    assert people(*events).deliveries == (outcome == "delivered")


def test_complaints_and_unsubscribes_are_counted_by_mail():
    kinds = (Kind.COMPLAINED, Kind.COMPLAINED, Kind.UNSUBSCRIBE, Kind.WITHDRAW, Kind.SUBSCRIBED, Kind.LEAVE_PAGE)
    assert people(*(hit(kind=kind) for kind in kinds)).outcomes == Outcomes(
        complained=1, unsubscribed=1, withdrawn=1, subscribed=1
    )


def test_a_mail_that_bounced_and_was_opened_counts_as_delivered_and_an_unlisted_one_is_told():
    found = people(hit("m1", Kind.BOUNCED), hit("m1"), hit("m2", Kind.DELIVERED), hit("m3"))
    assert found.outcomes == Outcomes(sent=2, delivered=1, bounced=1, seen_all_the_same=1, unlisted=1)
    assert found.deliveries == 2
    assert (
        rates(found).doubt == "1 message was seen of which the provider reported nothing: its events cover only a part."
    )


def test_bounces_are_of_sent_and_complaints_and_unsubscribes_of_delivered():
    events = [hit(f"m{n}", Kind.SENT) for n in range(1_000)]
    for number, kind in ((20, Kind.BOUNCED), (5, Kind.DEFERRED), (3, Kind.COMPLAINED), (7, Kind.UNSUBSCRIBE)):
        events += [hit(f"m{n + 40 * number}", kind, minutes=1) for n in range(number)]
    found = rates(people(*events)).outcomes
    shares = {name: (one.name, one.numerator, one.denominator, one.of) for name, one in found.items()}
    assert shares == {
        "bounced": ("bounce rate", 20, 1_000, "sent"),
        "deferred": ("soft bounce rate", 5, 1_000, "sent"),
        "rejected": ("rejection rate", 0, 1_000, "sent"),
        "complained": ("complaint rate", 3, 975, "delivered"),
        "unsubscribed": ("unsubscribe rate", 7, 975, "delivered"),
        "withdrawn": ("withdrawal rate", 0, 975, "delivered"),
    }


def test_deliveries_of_one_campaign_are_no_denominator_of_another():
    spring = [hit(f"m{n}") for n in range(50)]
    autumn = [hit(f"m{n}", campaign="autumn") for n in range(400)]
    found = people(*spring, *autumn, deliveries={"spring": 1_000})
    assert found.without_deliveries == ["autumn"]
    assert found.with_deliveries().count(Kind.OPEN).messages.people == 50
    told = rates(found)
    assert (told.opens.low.numerator, told.opens.low.denominator) == (50, 1_000)
    assert (told.raw_opens.hits, told.raw_opens.rate.numerator) == (450, 50)
    assert (
        told.doubt
        == "It is not known how many messages of autumn were delivered: rates are of the other campaigns alone."
    )
    assert people(*spring, deliveries=1_000).without_deliveries == []


# Marks


def test_a_mail_from_the_future_is_counted_and_marked_and_an_old_one_is_not(caplog):
    future = hit("m1", sent_at=NOON + timedelta(hours=1), expired=True)
    old = hit("m2", sent_at=NOON - timedelta(days=400), expired=True)
    found = people(future, old)
    assert found.count(Kind.OPEN).hits.people == 1
    assert found.marks == {(Mark.CLOCK, Kind.OPEN): 1, (Mark.EXPIRED, Kind.OPEN): 1}
    assert caplog.messages == ["1 hits are of mails that claim to be sent later: is sent_at in the right time zone?"]


def test_hits_of_nobody_and_of_mails_without_a_time_are_marked():
    found = people(hit(recipient=None), hit(recipient=None, level=Level.AGGREGATE), hit())
    assert found.marks == {(Mark.NAMELESS, Kind.OPEN): 1, (Mark.UNDATED, Kind.OPEN): 1}


def test_two_receipts_that_only_campaign_and_recipient_name_are_one_and_that_is_told(caplog):
    beacon = mb.Beacon("https://t.example.com/m", secret_keys=[b"0123456789abcdef"])
    answers = {
        name: [beacon.answer(mb.Request(url=beacon.open_url(one), received_at=NOON)) for one in mails]
        for name, mails in {
            "neither": [mb.Message(recipient="u-17", campaign="orders")] * 2,
            "an id": [mb.Message(recipient="u-17", campaign="orders", id=f"order-{n}") for n in (1, 2)],
            "a time": [
                mb.Message(recipient="u-17", campaign="orders", sent_at=NOON - n * timedelta(hours=1)) for n in (1, 2)
            ],
        }.items()
    }
    mails = {name: tally([(one.event, one.verdict) for one in found]).mails for name, found in answers.items()}
    assert mails == {"neither": 1, "an id": 2, "a time": 2}
    assert caplog.messages == [
        "2 hits are of mails with neither id nor sent_at: two mails of one campaign to one person are one"
    ]


# Dimensions


def test_hours_and_days_are_of_the_zone_that_was_asked_for():
    found = people(hit(minutes=11.5 * 60), hit("m2", minutes=12.5 * 60))
    assert [*found.by(Dimension.DAY, Kind.OPEN)] == [date(2026, 3, 2), date(2026, 3, 3)]
    assert [*found.by(Dimension.DAY, Kind.OPEN, zone="Asia/Kolkata")] == [date(2026, 3, 3)]
    hours = [*found.by(Dimension.HOUR, Kind.OPEN, zone="Asia/Kolkata")]
    assert [f"{hour:%H:%M%z}" for hour in hours] == ["05:00+0530", "06:00+0530"]
    with pytest.raises(ConfigError, match="no such time zone"):
        found.by(Dimension.DAY, Kind.OPEN, zone="Mars/Base")


def test_several_kinds_of_groups_are_counted_side_by_side():
    groups = {"provider": lambda who: "Gmail" if who < "c" else "", "department": {"a": "sales", "c": "sales"}}
    found = people(*(hit(f"m-{who}", recipient=who) for who in "abc"), groups=groups)
    assert found.group_kinds == ["department", "provider"]
    assert found.values("department") == ["", "sales"]
    assert {value: count.messages.people for value, count in found.by("provider", Kind.OPEN).items()} == {
        "": 1,
        "Gmail": 2,
    }
    assert found.select(groups={"provider": "Gmail", "department": "sales"}).mails == 1
    assert found.by("branch", Kind.OPEN) == {"": found.count(Kind.OPEN)}  # a part of a tally may know fewer kinds
    assert found.values("branch") == [""]
    with pytest.raises(ConfigError, match="'client'"):
        people(hit(), groups={"client": {"a": "x"}, "other": {}})


def test_region_and_city_are_named_with_their_country():
    event = hit().changed(facts=Facts(country="DE", region="Hesse", city="Kassel"))
    found = people(event)
    assert [*found.by(Dimension.REGION, Kind.OPEN)] == ["DE, Hesse"]
    assert [*found.by(Dimension.CITY, Kind.OPEN)] == ["DE, Hesse, Kassel"]


def test_the_name_of_a_mail_without_an_id_is_nobodys_name_and_hangs_on_the_key():
    """So whoever is handed a tally, and has a list of recipients, does not find who opened."""
    found = []
    for key in ("a key for these tests only, 0123", "another key for these tests, 987"):
        tracker = beacon(secret_keys=[key])
        found.append(tracker.decode(request(tracker.open_url(message("ann")))))
    one, other = found
    assert one.recipient == other.recipient == "ann"
    assert "" not in {one.message_id, other.message_id}
    assert one.message_id != other.message_id
    assert "ann" not in one.message_id
    assert tally([one], [None]).mails == tally([other], [None]).merge(tally([other], [None])).mails == 1
    assert tally([one], [None]).merge(tally([other], [None])).mails == 2
