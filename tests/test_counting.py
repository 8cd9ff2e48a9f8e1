"""Tallies: what is counted, in which unit, and the law that they merge like a commutative monoid."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbeacon.counting import Dimension, LinkKey, Split, Tally, rates, tally
from mailbeacon.counting.traits import LIMIT
from mailbeacon.errors import ConfigError, DataError
from mailbeacon.model import Actor, Kind, Level, Signal, Verdict
from tests.making import NOON, click, hit

PERSON, APPLE, SCANNER = Actor.HUMAN, Actor.PRIVACY_PROXY, Actor.SCANNER


def by(actor, *events, **options):
    return tally(events, [Verdict(actor=actor)] * len(events), **options)


def merged(*tallies):
    whole = Tally()
    for part in tallies:
        whole = whole.merge(part)
    return whole


events = st.builds(
    hit,
    st.sampled_from(["m1", "m2", "m3", ""]),
    st.sampled_from([Kind.OPEN, Kind.OPEN, Kind.CLICK, Kind.SENT, Kind.BOUNCED, Kind.UNSUBSCRIBE]),
    minutes=st.integers(0, 200),
    client=st.sampled_from(["Gmail", "Outlook"]),
    recipient=st.sampled_from(["u1", "u2", None]),
    campaign=st.sampled_from(["spring", "autumn"]),
    variant=st.sampled_from(["", "b"]),
    level=st.sampled_from([Level.FULL, Level.FULL, Level.AGGREGATE]),
    expired=st.sampled_from([False, False, False, True]),
    link=st.sampled_from([None, 1, 2]),
)
verdicts = st.one_of(
    st.none(),
    st.builds(
        Verdict,
        actor=st.sampled_from([PERSON, APPLE, SCANNER]),
        signals=st.sampled_from([(), (Signal(name="burst", weight=2.0),)]),
        version=st.sampled_from(["1", "2"]),
    ),
)
pairs = st.lists(st.tuples(events, verdicts), max_size=30)
GROUPS = {"u1": "sales"}


def counted(found, **options):
    return tally([event for event, _ in found], [verdict for _, verdict in found], groups=GROUPS, **options)


@given(pairs, st.randoms(), st.integers(1, 5))
def test_any_split_in_any_order_gives_the_same_tally(found, random, parts):
    """Law 8."""
    shuffled = random.sample(found, len(found))
    parts = [shuffled[at::parts] for at in range(parts)]
    assert merged(*map(counted, parts)) == counted(found)


@given(pairs, pairs, pairs)
def test_merging_is_a_commutative_monoid(one, two, three):
    a, b, c = counted(one, deliveries=3), counted(two, deliveries={"spring": 2}), counted(three)
    assert a.merge(b) == b.merge(a)
    assert a.merge(b).merge(c) == a.merge(b.merge(c))
    assert a.merge(Tally()) == a == Tally().merge(a)


@given(pairs)
def test_json_and_back_is_the_same_and_equal_tallies_have_equal_json(found):
    whole = counted(found, deliveries={("spring", "b"): 4})
    assert Tally.from_json(whole.to_json()) == whole
    assert counted(found[::-1], deliveries={("spring", "b"): 4}).to_json() == whole.to_json()


@given(st.lists(st.integers(0, 10_000), min_size=LIMIT, max_size=6 * LIMIT), st.integers(1, 4))
def test_a_mail_with_very_many_moments_still_merges_and_stays_small(minutes, parts):
    """The law holds beyond the number of moments a mail keeps, and no hit is lost."""
    whole = by(SCANNER, *(hit(minutes=minute) for minute in minutes))
    pieces = [by(SCANNER, *(hit(minutes=minute) for minute in minutes[at::parts])) for at in range(parts)]
    assert merged(*pieces) == whole == merged(*pieces[::-1])
    assert whole.count(Kind.OPEN).hits.machines == len(minutes)
    assert len(whole.to_json()) < 200 * LIMIT


@pytest.mark.parametrize("number", [LIMIT + 6, 4 * LIMIT + 6])
@pytest.mark.parametrize("parts", [1, 3])
def test_of_hits_in_one_minute_the_same_are_kept_whatever_order_they_came_in(number, parts):
    """Beyond the limit what is alike in all but its client or link still has one order."""
    clients = [hit(client=f"client {n:03}") for n in range(number)]
    links = [click(link=n + 1, client=f"client {n:03}") for n in range(number)]
    for found in (clients, links):
        whole = by(SCANNER, *found)
        pieces = [by(SCANNER, *found[::-1][at::parts]) for at in range(parts)]
        assert merged(*pieces) == whole
        assert merged(*pieces).to_json() == whole.to_json()


@given(pairs)
def test_giving_every_event_twice_doubles_hits_but_neither_views_nor_messages(found):
    once, twice = counted(found), counted(found + found)
    for kind in (Kind.OPEN, Kind.CLICK):
        one, two = once.count(kind), twice.count(kind)
        assert two.hits == one.hits + one.hits
        assert (two.views, two.messages) == (one.views, one.messages)


@given(pairs)
def test_units_nest_messages_within_views_within_hits(found):
    """Case 29: unique and total are never confused, and never cross."""
    for kind in (Kind.OPEN, Kind.CLICK):
        count = counted(found).count(kind)
        assert count.messages.total <= count.views.total <= count.hits.total - count.shared.total


def test_several_fetches_of_one_look_are_one_view_and_a_later_look_is_another():
    count = by(PERSON, hit(minutes=0), hit(minutes=1), hit(minutes=4), hit(minutes=60)).count(Kind.OPEN)
    assert (count.hits.people, count.views.people, count.messages.people) == (4, 2, 1)


def test_a_pause_of_the_window_is_one_view_and_a_longer_one_is_two():
    assert by(PERSON, hit(minutes=0), hit(minutes=5)).count(Kind.OPEN).views.people == 1
    assert by(PERSON, hit(minutes=0), hit(minutes=6)).count(Kind.OPEN).views.people == 2


@given(pairs)
def test_every_breakdown_holds_all_hits_and_views(found):
    whole = counted(found)
    for kind in (Kind.OPEN, Kind.CLICK):
        count = whole.count(kind)
        for dimension in Dimension:
            parts = whole.by(dimension, kind).values()
            assert sum(part.hits.total for part in parts) == count.hits.total
            assert sum(part.views.total for part in parts) == count.views.total
            assert sum(part.messages.total for part in parts) >= count.messages.total


def test_a_look_that_crosses_the_hour_is_still_one_view():
    assert by(PERSON, hit(minutes=58), hit(minutes=61)).count(Kind.OPEN).views.people == 1


def test_two_clients_are_two_views_and_the_window_can_be_chosen():
    two = by(PERSON, hit(client="Gmail"), hit(client="Outlook", minutes=1))
    assert two.count(Kind.OPEN).views.people == 2
    apart = by(PERSON, hit(), hit(minutes=20))
    assert apart.count(Kind.OPEN, window=timedelta(minutes=30)).views.people == 1


def test_a_message_counts_once_as_its_best_known_audience():
    whole = merged(by(SCANNER, hit("m1"), hit("m2"), hit("m3")), by(APPLE, hit("m1"), hit("m2")), by(PERSON, hit("m1")))
    assert whole.count(Kind.OPEN).messages == Split(people=1, unknown=1, machines=1)


def test_expired_events_are_shown_apart_and_counted_nowhere():
    whole = by(PERSON, hit(expired=True), hit("m2"))
    assert whole.expired == {Kind.OPEN: 1}
    assert whole.count(Kind.OPEN).hits.total == 1


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"recipient": None}, id="without a recipient"),
        pytest.param({"level": Level.AGGREGATE}, id="at the level AGGREGATE"),
        pytest.param({"level": Level.DATE}, id="at the level DATE"),
    ],
)
def test_what_cannot_be_told_apart_is_hits_only(fields):
    count = by(PERSON, hit(**fields), hit(**fields)).count(Kind.OPEN)
    assert (count.hits.people, count.views.total, count.messages.total) == (2, 0, 0)
    assert not count.is_measurable


def test_breaking_down_by_each_dimension():
    whole = merged(
        by(PERSON, hit("m1", variant="a"), click("m1", 2, variant="a", minutes=70)),
        by(SCANNER, click("m2", 1, variant="b"), click("m2", 2, variant="b")),
    )
    assert {key: count.messages.total for key, count in whole.by(Dimension.VARIANT, Kind.CLICK).items()} == {
        "a": 1,
        "b": 1,
    }
    assert list(whole.by(Dimension.LINK, Kind.CLICK)) == [
        LinkKey("spring", 1, "https://example.com/1"),
        LinkKey("spring", 2, "https://example.com/2"),
    ]
    assert list(whole.by(Dimension.HOUR, Kind.CLICK)) == [NOON, NOON + timedelta(hours=1)]
    assert whole.by(Dimension.CLIENT, Kind.OPEN)["Gmail"].messages.people == 1
    assert whole.select(variant="b").count(Kind.CLICK).messages == Split(machines=1)


def test_groups_come_from_a_mapping_or_a_function():
    sent = [hit("m1", recipient="u1"), hit("m2", recipient="u2")]
    for groups in ({"u1": "sales"}, lambda recipient: "sales" if recipient == "u1" else ""):
        found = by(PERSON, *sent, groups=groups)
        assert found.values(Dimension.GROUP) == ["", "sales"]
        assert found.select(group="sales").count(Kind.OPEN).messages.people == 1


def test_memory_depends_on_the_number_of_mails_not_of_events():
    def many(times):
        return by(SCANNER, *(hit(f"m{number % 10}", minutes=number % 97) for number in range(times)))

    assert len(many(20_000).to_json()) < 1.5 * len(many(2_000).to_json())


def test_deliveries_are_numbers_or_the_providers_events():
    assert by(PERSON, hit()).deliveries is None
    assert by(PERSON, hit(), deliveries=10).deliveries == 10
    both = by(PERSON, hit(), deliveries={"spring": 10, "autumn": 5})
    assert (both.deliveries, both.select(campaign="spring").deliveries) == (15, 10)
    arms = by(PERSON, hit(), deliveries={("spring", "a"): 4, ("spring", "b"): 6})
    assert (arms.deliveries, arms.select(variant="b").deliveries) == (10, 6)
    provider = [hit("m1", Kind.SENT), hit("m1", Kind.DELIVERED), hit("m2", Kind.SENT), hit("m2", Kind.BOUNCED)]
    found = by(PERSON, hit("m1"), deliveries=provider)
    assert (found.deliveries, found.bounces) == (1, 1)
    assert by(PERSON, *provider) == by(PERSON, deliveries=provider)


def test_a_number_for_more_than_was_asked_for_is_no_denominator():
    found = merged(by(PERSON, hit("m1"), deliveries=10), by(PERSON, hit("m2", campaign="autumn")))
    assert found.select(campaign="spring").deliveries is None


def test_an_unsubscribe_is_counted_whoever_seems_to_have_made_it():
    assert by(SCANNER, hit("m1", Kind.UNSUBSCRIBE)).mails_with(Kind.UNSUBSCRIBE) == 1


def test_a_click_is_an_open_only_when_asked_and_said():
    """Case 30."""
    found = merged(by(PERSON, hit("m1"), click("m2"), deliveries=4), by(SCANNER, click("m3")))
    assert found.count(Kind.OPEN).messages == Split(people=1)
    assert found.count(Kind.OPEN, clicks_are_opens=True).messages == Split(people=2, machines=1)
    plain, implied = rates(found), rates(found, clicks_are_opens=True)
    assert (plain.opens.low.numerator, implied.opens.low.numerator) == (1, 2)
    assert (plain.click_to_open.numerator, plain.click_to_open.denominator) == (0, 1)
    assert (implied.click_to_open.numerator, implied.click_to_open.denominator) == (1, 2)
    assert implied.clicks_are_opens
    assert not plain.clicks_are_opens


@pytest.mark.parametrize(
    ("make", "what"),
    [
        pytest.param(lambda: tally([hit()], []), "more events", id="too few verdicts"),
        pytest.param(lambda: tally([], [None]), "more verdicts", id="too many verdicts"),
        pytest.param(lambda: tally([], [], deliveries=-1), "whole number", id="negative deliveries"),
        pytest.param(lambda: tally([], [], deliveries={"a": True}), "whole number", id="deliveries that are no number"),
        pytest.param(lambda: Tally().count(Kind.SENT), "mails_with", id="hits of a kind that has none"),
        pytest.param(lambda: Tally().values(Dimension.HOUR), "values", id="values of an open dimension"),
        pytest.param(
            lambda: Tally().count(Kind.OPEN, window=timedelta(minutes=-1)), "negative", id="a negative window"
        ),
    ],
)
def test_what_cannot_work_is_a_clear_error(make, what):
    with pytest.raises(ConfigError, match=what):
        make()


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"v":2}', '{"v":1,"traits":[["open"]],"pages":[],"deliveries":[]}', '{"v":"x"}']
)
def test_broken_json_is_a_data_error(text):
    with pytest.raises(DataError):
        Tally.from_json(text)


TRAIT = '["open","human",0,"","html","","","",""]'


def broken(
    *, trait=TRAIT, entry="[0,29000000,1]", delivered="[null,null,3]", campaign='"c"', version="[]", states="{}"
):
    page = (
        f'"variant":"","group":"","mails":{{"m":[{entry}]}},"states":{states},"shared":[],"expired":{{}},"reasons":[]'
    )
    return (
        f'{{"v":1,"traits":[{trait}],"pages":[{{"campaign":{campaign},{page},"versions":{version}}}],'
        f'"deliveries":[{delivered}]}}'
    )


def test_what_the_broken_ones_are_made_of_is_a_tally():
    for text in (broken(), broken().replace('"v":1,', "")):
        assert Tally.from_json(text).count(Kind.OPEN).hits.people == 1


def test_version_1_knew_fewer_facts_and_told_no_period_of_its_own():
    found = Tally.from_json(broken(trait='["open","human",0,"","","Gmail","","","DE"]'))
    assert [[*found.by(name, Kind.OPEN)] for name in ("client", "country", "region", "city", "channel")] == [
        ["Gmail"],
        ["DE"],
        [""],
        [""],
        [""],
    ]
    first = datetime(2025, 2, 19, 21, 20, tzinfo=UTC)
    assert found.period == (first, first)
    twice = Tally.from_json(broken(entry="[0,29000000,1],[0,29000010,2],[0,29000000,2]"))
    assert twice.count(Kind.OPEN).hits.people == 5
    assert twice.period == (first, first + timedelta(minutes=10))
    assert Tally.from_json(broken(entry="")).period is None
    ungrouped = json.loads(found.to_json())["pages"][0]
    assert (ungrouped["groups"], ungrouped["campaign"]) == ([], "c")


def test_json_holds_letters_as_they_are():
    assert '"campaign":"Kök"' in by(PERSON, hit(campaign="Kök")).to_json()


@pytest.mark.parametrize("name", ["dPF7wGcbQXEokzx!", "dPF7wGcbQXEokzx=", "dPF7wGcb\\nQXEokzxA", "dPF7wGcbQXEo", "é"])
def test_a_mail_has_one_name_and_that_in_one_spelling(name):
    written = by(PERSON, hit()).to_json()
    (known,) = json.loads(written)["pages"][0]["mails"]
    with pytest.raises(DataError):
        Tally.from_json(written.replace(known, name))


def test_a_bounce_came_last_in_version_1_which_kept_no_times():
    kinds = {"a": ["bounced", "delivered"], "b": ["delivered"], "c": ["bounced"], "d": ["sent"]}
    found = Tally.from_json(broken(states=json.dumps(kinds))).outcomes
    assert (found.sent, found.bounced, found.delivered) == (4, 2, 2)


@pytest.mark.parametrize("number", [0, 2**53 - 1])
def test_deliveries_of_none_and_of_very_many_are_read(number):
    found = Tally.from_json(broken(delivered=f"[null,null,{number}]"))
    assert Tally.from_json(found.to_json()).deliveries == found.deliveries == number


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"delivered": "[null,null,1e999]"}, id="infinite deliveries"),
        pytest.param({"delivered": "[null,null,-1]"}, id="negative deliveries"),
        pytest.param({"delivered": "[5,null,1]"}, id="a campaign that is a number, of deliveries"),
        pytest.param({"campaign": "5"}, id="a campaign that is a number"),
        pytest.param({"campaign": "null"}, id="no campaign"),
        pytest.param({"trait": '["open","human",0,5,"html","","","",""]'}, id="a url that is a number"),
        pytest.param({"trait": '["open","human",0,"","fax","","","",""]'}, id="no such channel"),
        pytest.param({"trait": '["open","human","0","","html","","","",""]'}, id="a link that is a text"),
        pytest.param({"entry": "[0,29000000,-1]"}, id="negative hits"),
        pytest.param({"entry": "[0,29000000,1e999]"}, id="infinite hits"),
        pytest.param({"entry": f"[0,{10**30},1]"}, id="a minute beyond the calendar"),
        pytest.param({"entry": "[-1,29000000,1]"}, id="a trait counted from the end"),
        pytest.param({"version": "[5]"}, id="a version that is a number"),
        pytest.param({"trait": '["open","human",0,"","html","","",""]'}, id="too few facts"),
        pytest.param({"trait": '["open","human",0,"","html","","","","","","",""]'}, id="too many facts"),
        pytest.param({"entry": "[0,-2,1]"}, id="a minute before there were any"),
        pytest.param({"entry": f"[0,{2**32 - 1},1]"}, id="a minute after all there are"),
        pytest.param({"delivered": f"[null,null,{2**53}]"}, id="more than can be counted"),
    ],
)
def test_values_of_a_wrong_kind_are_a_data_error(changes):
    with pytest.raises(DataError):
        Tally.from_json(broken(**changes))


def test_a_tally_is_closed_from_outside():
    with pytest.raises((AttributeError, TypeError)):
        Tally()._pages = {}
    one = by(PERSON, hit())
    before = one.to_json()
    one.merge(by(PERSON, hit(), hit("m2")))
    assert one.to_json() == before
