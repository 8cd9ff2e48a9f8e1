"""What a tally answers: each figure by its value, open or closed, whole or put together of parts."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from mailbeacon.counting import Count, Dimension, Mark, Outcomes, Split, Tally, tally
from mailbeacon.errors import ConfigError
from mailbeacon.model import Actor, Kind, Level, Signal, Verdict
from tests.making import NOON, hit

PERSON, APPLE, SCANNER = (Verdict(actor=actor) for actor in (Actor.HUMAN, Actor.PRIVACY_PROXY, Actor.SCANNER))


def click(mail="m1", **fields):
    return hit(mail, Kind.CLICK, **{"link": 1, "url": "https://x.example/1"} | fields)


def people(*events, **options):
    return tally(events, [PERSON] * len(events), **options)


def joined(*parts):
    whole = Tally()
    for part in parts:
        whole = whole.merge(part)
    return whole


def rich():
    """Return pairs of every kind of thing a tally counts, of three mails and of nobody."""
    burst = Verdict(actor=Actor.SCANNER, signals=(Signal(name="burst", weight=2.0),), version="2")
    slow = Verdict(actor=Actor.SCANNER, signals=(Signal(name="slow", weight=2.0),), version="10")
    return [
        (hit("m1"), PERSON),
        (click("m1", minutes=70), PERSON),
        (hit("m2", client="Outlook", minutes=-30), burst),
        (click("m2", client="Outlook"), burst),
        (hit("m3", campaign="autumn", variant="b"), APPLE),
        (hit("m3", campaign="autumn", variant="b", minutes=200), slow),
        (hit(recipient=None, level=Level.AGGREGATE, minutes=20), None),
        (hit("m1", expired=True), PERSON),
        (hit("m1", sent_at=NOON + timedelta(hours=1)), PERSON),
        (hit("m1", Kind.BOUNCED), None),
        (hit("m2", Kind.DELIVERED), None),
        (hit("m4", Kind.REJECTED), None),
        *((hit(f"m{n}", kind), None) for n in (5, 6) for kind in (Kind.WITHDRAW, Kind.UNSUBSCRIBE, Kind.COMPLAINED)),
    ]


def answers(found):
    """Return all that can be asked of open and closed tallies alike."""
    return {
        "mails": found.mails,
        "overlap": found.overlap(),
        "outcomes": found.outcomes,
        "bounces": found.bounces,
        "deliveries": found.deliveries,
        "marks": found.marks,
        "expired": found.expired,
        "reasons": list(found.reasons.items()),
        "versions": found.versions,
        "period": found.period,
        "kinds": {kind: found.mails_with(kind) for kind in Kind},
        "counts": {kind: found.count(kind) for kind in (Kind.OPEN, Kind.CLICK)},
        "implied": found.count(Kind.OPEN, clicks_are_opens=True),
        "by": {(one, kind): list(found.by(one, kind).items()) for one in Dimension for kind in (Kind.OPEN, Kind.CLICK)},
    }


def test_every_figure_of_a_rich_tally():
    found = answers(tally(rich()))
    assert found["mails"] == 3
    assert found["overlap"] == 1
    assert found["outcomes"] == Outcomes(
        sent=3, delivered=1, bounced=1, rejected=1, seen_all_the_same=1, complained=2, unsubscribed=2, withdrawn=2
    )
    assert (found["bounces"], found["deliveries"]) == (2, 2)
    assert found["marks"] == {
        (Mark.CLOCK, Kind.OPEN): 1, (Mark.EXPIRED, Kind.OPEN): 1, (Mark.UNDATED, Kind.CLICK): 2, (Mark.UNDATED, Kind.OPEN): 4,
    }  # fmt: skip
    assert found["expired"] == {Kind.OPEN: 1}
    assert found["reasons"] == [
        ((Kind.OPEN, Actor.HUMAN, ""), 2),
        ((Kind.CLICK, Actor.HUMAN, ""), 1),
        ((Kind.CLICK, Actor.SCANNER, "burst"), 1),
        ((Kind.OPEN, Actor.PRIVACY_PROXY, ""), 1),
        ((Kind.OPEN, Actor.SCANNER, "burst"), 1),
        ((Kind.OPEN, Actor.SCANNER, "slow"), 1),
    ]
    assert found["versions"] == ["", "10", "2"]
    assert found["period"] == (NOON - timedelta(minutes=30), NOON + timedelta(minutes=200))
    assert found["counts"][Kind.OPEN] == Count(
        hits=Split(people=2, unknown=2, machines=2),
        views=Split(people=1, unknown=1, machines=2),
        messages=Split(people=1, unknown=1, machines=1),
        shared=Split(unknown=1),
    )
    hours = dict(found["by"][Dimension.HOUR, Kind.OPEN])
    assert [*hours] == [NOON + timedelta(hours=n) for n in (-1, 0, 3)]
    assert hours[NOON].shared == Split(unknown=1)
    assert [*dict(found["by"][Dimension.REGION, Kind.OPEN])] == [""]
    assert found["kinds"][Kind.WITHDRAW] == found["kinds"][Kind.COMPLAINED] == 2


def test_a_closed_tally_answers_as_the_open_one_and_so_do_parts_that_were_put_together():
    whole = tally(rich())
    by_mail = {}
    for event, verdict in rich():
        by_mail.setdefault(event.message_id, []).append((event, verdict))
    parts = [tally(found) for found in by_mail.values()]
    assert answers(whole.closed()) == answers(whole) == answers(joined(*parts)) == answers(joined(*parts[::-1]))
    known = answers(Tally.from_json(whole.closed().to_json()))
    assert known == answers(whole)


def test_closed_totals_of_the_same_campaign_add_up_in_everything():
    parts = [tally([(hit("m1"), PERSON), (hit("m9", Kind.SENT), None)]), tally([(click("m2", minutes=90), SCANNER)])]
    parts.append(people(hit("m3", minutes=-90), hit("m4", Kind.BOUNCED), hit("m5", Kind.BOUNCED)))
    whole = joined(*parts)
    for order in (parts, parts[::-1]):
        found = answers(joined(*(part.closed() for part in order)))
        assert found | {"outcomes": 0, "deliveries": 0} == answers(whole) | {"outcomes": 0, "deliveries": 0}
    assert joined(*(part.closed() for part in parts)).period == whole.period
    assert people(hit("m4", Kind.BOUNCED)).closed().merge(people(hit("m5", Kind.BOUNCED)).closed()).period is None


def test_a_tally_of_nothing_has_no_period_and_no_reasons():
    for found in (Tally(), Tally().closed(), people(hit("m1", Kind.SENT))):
        assert (found.period, found.reasons, found.versions, found.marks, found.overlap()) == (None, {}, [], {}, 0)


def test_a_mail_clicked_by_people_alone_counts_as_opened_by_them_and_hits_and_views_stay():
    found = tally([(hit("m1"), APPLE), (click("m2"), APPLE), (hit("m2"), SCANNER), (click("m3"), PERSON),
                   (hit(recipient=None, level=Level.AGGREGATE), PERSON)])  # fmt: skip
    assert found.count(Kind.OPEN).messages == Split(unknown=1, machines=1)
    plain, implied = found.count(Kind.OPEN), found.count(Kind.OPEN, clicks_are_opens=True)
    assert implied.messages == Split(people=1, unknown=2)
    assert (implied.hits, implied.views, implied.shared) == (plain.hits, plain.views, plain.shared)
    assert found.count(Kind.CLICK, clicks_are_opens=True) == found.count(Kind.CLICK)


# Audiences and time


@pytest.mark.parametrize("order", [1, -1])
def test_of_one_client_and_hour_a_mail_counts_as_its_best_known_audience(order):
    found = tally([(hit("m1"), PERSON), (hit("m1"), SCANNER), (hit("m2"), SCANNER), (hit("m2"), APPLE)][::order])
    messages = Split(people=1, unknown=1)
    assert found.by(Dimension.CLIENT, Kind.OPEN)["Gmail"].messages == messages
    assert found.by(Dimension.HOUR, Kind.OPEN)[NOON].messages == messages
    assert found.by(Dimension.DAY, Kind.OPEN)[NOON.date()].messages == messages


def test_mails_read_in_many_ways_overlap_too():
    found = people(*(one for n in range(3) for one in (hit(f"m{n}", client=f"c{n}"), click(f"m{n}", client=f"c{n}"))))
    assert found.overlap() == 3


def test_an_hour_begins_at_its_first_minute_and_a_view_belongs_to_where_it_begins():
    found = people(hit("m1", minutes=58), hit("m1", minutes=61), hit("m2", minutes=20), hit("m2", minutes=44)).by(
        Dimension.HOUR, Kind.OPEN
    )
    assert [*found] == [NOON, NOON + timedelta(hours=1)]
    assert [(one.hits.people, one.views.people, one.messages.people) for one in found.values()] == [
        (3, 3, 2),
        (1, 0, 1),
    ]


def test_shared_hits_add_up_in_their_hour_and_day():
    shared = [
        hit(recipient=None, level=Level.AGGREGATE, client=client, minutes=n) for client in "ab" for n in (5, 25, 45, 65)
    ]
    found = tally([(one, SCANNER) for one in shared])
    hours = found.by(Dimension.HOUR, Kind.OPEN)
    assert [(one.hits.machines, one.shared.machines) for one in hours.values()] == [(6, 6), (2, 2)]
    assert [*hours] == [NOON, NOON + timedelta(hours=1)]
    assert found.by(Dimension.DAY, Kind.OPEN)[date(2026, 3, 2)].shared == Split(machines=8)
    assert found.count(Kind.OPEN).shared == Split(machines=8)
    assert found.by(Dimension.CLIENT, Kind.OPEN)["a"].shared == Split(machines=4)
    assert found.merge(tally([(one, SCANNER) for one in shared])).count(Kind.OPEN).shared == Split(machines=16)


def test_a_window_is_of_whole_minutes_and_may_be_none():
    found = people(hit(), hit(minutes=1), hit(minutes=2.5))
    views = [found.count(Kind.OPEN, window=timedelta(seconds=seconds)).views.people for seconds in (0, 59, 60, 119)]
    assert views == [3, 3, 1, 1]
    assert found.closed().count(Kind.OPEN, window=timedelta(minutes=5, seconds=59)) == found.count(Kind.OPEN)
    with pytest.raises(ConfigError, match="window of five minutes only"):
        found.closed().count(Kind.OPEN, window=timedelta(minutes=6))
    with pytest.raises(ConfigError, match="negative"):
        found.count(Kind.OPEN, window=timedelta(seconds=-1))


def test_beyond_a_thousand_a_day_the_latest_are_left_out():
    late = [hit(minutes=50, client="late")] * 600
    found = people(*late, *[hit(minutes=1, client="early")] * 600)
    assert {name: one.hits.people for name, one in found.by(Dimension.CLIENT, Kind.OPEN).items()} == {
        "early": 600,
        "late": 400,
    }
    assert found.marks[Mark.BEYOND, Kind.OPEN] == 200
    assert (Mark.BEYOND, Kind.OPEN) not in people(*late, *[hit(minutes=1)] * 400).marks


# What is marked, and names


def test_a_bounce_in_the_minute_of_the_delivery_is_a_bounce():
    assert people(hit("m1", Kind.DELIVERED), hit("m1", Kind.BOUNCED)).outcomes.bounced == 1


def test_clocks_may_differ_by_five_minutes_and_are_told_of_beyond(caplog):
    def marks(minutes):
        return people(hit(sent_at=NOON + timedelta(minutes=minutes))).marks

    assert marks(5) == {}
    assert caplog.messages == []
    assert marks(5.1) == {(Mark.CLOCK, Kind.OPEN): 1}
    assert len(caplog.messages) == 1
    assert people(hit(), hit(expired=True)).mails == 1
    assert len(caplog.messages) == 1, "only a clock that is wrong is told of"


@pytest.mark.parametrize(("source", "is_marked"), [("request", True), ("log", True), ("own", False)])
def test_mails_without_a_time_are_marked_where_a_token_could_have_said_it(source, is_marked):
    assert ((Mark.UNDATED, Kind.OPEN) in people(hit(source=source)).marks) is is_marked


def test_nobody_is_marked_only_where_somebody_might_have_been_named():
    assert people(hit(recipient=None, sent_at=NOON)).marks == {(Mark.NAMELESS, Kind.OPEN): 1}
    assert people(hit(recipient=None, sent_at=NOON, level=Level.AGGREGATE)).marks == {}
    assert people(hit(sent_at=NOON, level=Level.DATE)).marks == {}


def test_any_text_may_name_a_recipient_and_any_key_of_64_bytes_hides_it():
    assert people(hit(recipient="\ud800"), hit(recipient="\ud801")).mails == 2
    keyed = [people(hit(), names_key=bytes(63) + last) for last in (b"a", b"b")]
    assert (keyed[0].merge(keyed[1]).mails, keyed[0].merge(keyed[0]).mails) == (2, 1)


def test_a_providers_events_given_as_deliveries_bear_the_same_keyed_names():
    found = people(hit("m1"), deliveries=[hit("m1", Kind.BOUNCED)], names_key=b"a secret")
    assert found.outcomes == Outcomes(sent=1, bounced=1, seen_all_the_same=1)


@pytest.mark.parametrize("wrong", ["10", b"10", 1.5, object()])
def test_deliveries_that_are_none_are_refused_by_their_kind(wrong):
    with pytest.raises(ConfigError, match=f"a number, a mapping or events, got {type(wrong).__name__}"):
        tally([], [], deliveries=wrong)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: tally([hit()], []), "one verdict for each event: there are more events"),
        (lambda: tally([], [None]), "one verdict for each event: there are more verdicts"),
        (lambda: tally([hit()]), "one verdict for each event, or pairs of event and verdict"),
        (lambda: tally([5]), "expected pairs of event and verdict, got int"),
        (lambda: tally([(5, None)]), "expected pairs of event and verdict, got one of int"),
        (lambda: tally([(hit(), None)], [None]), "events must be Events, got tuple: pairs .* are given alone"),
        (
            lambda: people(hit()).closed(zone="Asia/Tokyo").by("hour", Kind.OPEN),
            "hours and days of Asia/Tokyo, not of UTC",
        ),
        (lambda: people(hit()).closed().mails_with(Kind.SENT, Kind.BOUNCED), "by one kind at a time"),
        (
            lambda: people(hit()).closed(zone="Asia/Tokyo").merge(people(hit()).closed()),
            "hours of Asia/Tokyo and of UTC do not add up",
        ),
    ],
)
def test_what_cannot_be_asked_is_told_so_that_one_can_mend_it(make, said):
    with pytest.raises(ConfigError, match=said):
        make()


def test_of_several_mails_alike_everything_adds_up():
    """Each is counted, however alike what was seen of it."""
    pairs = [
        pair
        for n in range(3)
        for pair in (
            (hit(f"m{n}"), PERSON),
            (hit(f"m{n}", minutes=30), PERSON),
            (hit(f"m{n}", minutes=2), SCANNER),
            (hit(f"m{n}", client="Outlook"), APPLE),
            (click(f"m{n}"), PERSON),
            (click(f"m{n}", link=2, url="https://x.example/2"), SCANNER),
            (hit(f"m{n}", Kind.BOUNCED), None),
        )
    ]
    found = tally(pairs)
    opens, clicks = found.count(Kind.OPEN), found.count(Kind.CLICK)
    assert (opens.messages, opens.views) == (Split(people=3), Split(people=6, unknown=3, machines=3))
    assert (clicks.messages, clicks.hits) == (Split(people=3), Split(people=3, machines=3))
    assert found.by(Dimension.CLIENT, Kind.OPEN)["Outlook"].messages == Split(unknown=3)
    assert [one.messages for one in found.by(Dimension.LINK, Kind.CLICK).values()] == [
        Split(people=3),
        Split(machines=3),
    ]
    assert found.outcomes == Outcomes(sent=3, bounced=3, seen_all_the_same=3)
    assert (found.overlap(), found.mails) == (3, 3)


def test_only_a_person_shows_that_a_bounced_mail_arrived_all_the_same():
    bounced = [(hit(f"m{n}", Kind.BOUNCED), None) for n in range(4)]
    opened = [
        (hit("m0"), PERSON),
        (hit("m1"), SCANNER),
        (hit("m2"), APPLE),
        (hit("m2", client="x"), SCANNER),
        (hit("m3"), None),
    ]
    assert tally([*bounced, *opened]).outcomes == Outcomes(sent=4, bounced=4, seen_all_the_same=1)
    assert tally([*bounced, *opened, (hit("m1"), PERSON)]).outcomes.seen_all_the_same == 2


# Written and read again


def test_what_was_written_answers_as_before():
    whole = tally(rich())
    assert answers(Tally.from_json(whole.to_json())) == answers(whole)
    again = people(hit("m1", Kind.BOUNCED), hit("m1", Kind.DELIVERED, minutes=9), hit("m2", Kind.BOUNCED, minutes=9))
    assert Tally.from_json(again.to_json()).outcomes == again.outcomes == Outcomes(sent=2, delivered=1, bounced=1)
    assert Tally.from_json(again.to_json()).period is None
    flooded = tally([(hit(client=f"client {n}", minutes=n), SCANNER) for n in range(200)])
    assert answers(Tally.from_json(flooded.to_json())) == answers(flooded)
    assert Tally.from_json(whole.to_json().encode()) == whole
    assert " " not in whole.to_json().replace("Europe", "")


def test_totals_closed_in_a_zone_have_its_days_and_add_up_to_totals_of_that_zone():
    evening = 15 * 60  # 3 in the morning in Tokyo
    parts = [
        tally([(hit(f"m{version}", minutes=evening), Verdict(actor=Actor.HUMAN, version=version))]).closed(
            zone="Asia/Tokyo"
        )
        for version in ("1", "2")
    ]
    for found in (parts[0], parts[0].merge(parts[1]), Tally.from_json(parts[0].merge(parts[1]).to_json())):
        assert [*found.by(Dimension.DAY, Kind.OPEN, zone="Asia/Tokyo")] == [date(2026, 3, 3)]
        hours = [*found.by(Dimension.HOUR, Kind.OPEN, zone="Asia/Tokyo")]
        assert hours == [NOON + timedelta(minutes=evening)]
        with pytest.raises(ConfigError, match="closed with the hours and days of Asia/Tokyo, not of UTC"):
            found.by(Dimension.DAY, Kind.OPEN)
    assert parts[0].merge(parts[1]).versions == ["1", "2"]


def test_closed_tallies_of_one_zone_add_up_in_it_with_the_versions_of_both():
    def closed(version, minutes):
        verdict = Verdict(actor=Actor.HUMAN, version=version)
        return tally([(hit(f"m{version}", minutes=minutes), verdict)]).closed(zone="Europe/Berlin")

    whole = closed("1", 0).merge(closed("2", 11 * 60 + 30))
    assert whole.versions == ["1", "2"]
    days = whole.by(Dimension.DAY, Kind.OPEN, zone="Europe/Berlin")
    assert [*days] == [NOON.date(), NOON.date() + timedelta(days=1)], "half past eleven at night is the next day there"
    again = whole.merge(closed("3", 0))
    assert sum(one.hits.people for one in again.by(Dimension.DAY, Kind.OPEN, zone="Europe/Berlin").values()) == 3
    with pytest.raises(ConfigError):
        whole.by(Dimension.DAY, Kind.OPEN)


def test_days_are_those_of_the_zone_that_is_asked_for_each_time():
    found = people(hit(minutes=11 * 60 + 30))
    for zone, later in (("UTC", 0), ("Europe/Berlin", 1), ("America/New_York", 0), ("Europe/Berlin", 1), ("UTC", 0)):
        assert [*found.by(Dimension.DAY, Kind.OPEN, zone=zone)] == [NOON.date() + timedelta(days=later)]


def test_a_click_whose_link_has_no_number_is_known_by_its_destination_alone():
    found = people(click(link=None), click("m2", link=1))
    assert [(one.number, one.url) for one in found.by(Dimension.LINK, Kind.CLICK)] == [
        (0, "https://x.example/1"),
        (1, "https://x.example/1"),
    ]
