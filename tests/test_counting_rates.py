"""What a report's rates are made of: their parts, their bounds, their order, and what is said where they are in doubt."""

from __future__ import annotations

import copy
import pickle

import pytest

from mailbeacon.counting import Interval, LinkKey, Sentence, Tally, rates, tally
from mailbeacon.counting.ratios import interval, normal_quantile, rate
from mailbeacon.counting.sentences import written
from mailbeacon.errors import ConfigError
from mailbeacon.model import Actor, Kind, Level, Verdict
from tests.making import click, hit

PERSON, APPLE, SCANNER = (Verdict(actor=actor) for actor in (Actor.HUMAN, Actor.PRIVACY_PROXY, Actor.SCANNER))


def seen(number, verdict=PERSON, **options):
    return tally([hit(f"m{n}") for n in range(number)], [verdict] * number, **options)


def every_rate(found):
    ranges = [one for one in (found.opens, found.clicks) if one is not None]
    raws = [found.raw_opens, found.raw_clicks]
    return [
        found.click_to_open,
        *(one for pair in ranges for one in (pair.low, pair.high)),
        *(one for raw in raws for one in (raw.rate, raw.machine_hits) if one is not None),
        *found.links.values(),
        *found.outcomes.values(),
    ]


# Bounds


@pytest.mark.parametrize(("value", "is_in"), [(0.09, False), (0.1, True), (0.15, True), (0.2, True), (0.21, False)])
def test_an_interval_holds_its_ends_and_what_lies_between(value, is_in):
    assert (value in Interval(low=0.1, high=0.2)) is is_in


def test_an_interval_is_of_95_in_100_unless_another_share_is_asked_for():
    assert {Interval(low=0, high=1).confidence, interval(1, 2).confidence, interval(0, 0).confidence} == {0.95}
    assert {interval(1, 2, confidence=0.8).confidence, interval(0, 0, confidence=0.8).confidence} == {0.8}
    assert rate("a share", 1, 2, of="all").interval == interval(1, 2)


def test_of_none_the_low_bound_is_0_and_of_all_the_high_bound_is_1():
    assert all((interval(0, total).low, interval(total, total).high) == (0, 1) for total in range(1, 2_000))
    assert interval(0, 7).high == pytest.approx(1 - interval(7, 7).low)


@pytest.mark.parametrize("confidence", [-0.1, 0, 1, 1.1])
def test_a_confidence_lies_between_0_and_1(confidence):
    with pytest.raises(ConfigError, match="confidence must lie between 0 and 1"):
        normal_quantile(confidence)


@pytest.mark.parametrize(("hits", "total"), [(-1, 2), (3, 2)])
def test_a_share_is_of_none_to_all(hits, total):
    with pytest.raises(ConfigError, match=f"0 <= hits <= total, got {hits} of {total}"):
        interval(hits, total)


# The parts of each rate


def test_every_rate_says_what_it_is_and_of_what():
    events = [hit("m1"), hit("m2"), hit("m2"), hit("m3"), click("m1", 1), click("m4", 1), hit("m1", Kind.COMPLAINED)]
    verdicts = [PERSON, APPLE, APPLE, SCANNER, PERSON, SCANNER, None]
    found = rates(tally(events, verdicts, deliveries={"spring": 10}))
    assert {(one.name, one.numerator, one.denominator, one.unit, one.of) for one in every_rate(found)} == {
        ("open rate, people seen", 1, 10, "messages", "delivered"),
        ("open rate, people seen plus unknown", 2, 10, "messages", "delivered"),
        ("click rate, people seen", 1, 10, "messages", "delivered"),
        ("click rate, people seen plus unknown", 1, 10, "messages", "delivered"),
        ("click-to-open rate", 1, 1, "messages", "opened by people"),
        ("raw open rate", 3, 10, "messages", "delivered"),
        ("raw click rate", 2, 10, "messages", "delivered"),
        ("machines' share", 1, 4, "hits", "hits"),
        ("machines' share", 1, 2, "hits", "hits"),
        ("link's share", 1, 1, "messages", "clicked by people"),
        ("complaint rate", 1, 10, "messages", "delivered"),
        ("unsubscribe rate", 0, 10, "messages", "delivered"),
        ("withdrawal rate", 0, 10, "messages", "delivered"),
    }
    assert (found.raw_opens.hits, found.raw_opens.messages) == (4, 3)
    assert (found.raw_clicks.hits, found.raw_clicks.messages) == (2, 2)
    assert found.doubt == ""


def test_every_interval_has_the_confidence_that_was_asked_for():
    events = [hit("m1", Kind.SENT), hit("m1"), click("m1", 1), hit("m1", Kind.COMPLAINED)]
    told = every_rate(rates(tally(events, [PERSON] * 4), confidence=0.8))
    assert len(told) == 16
    assert {one.interval.confidence for one in told} == {0.8}
    assert {one.interval.confidence for one in every_rate(rates(tally(events, [PERSON] * 4)))} == {0.95}


def test_links_stand_by_how_many_people_clicked_then_by_campaign_and_number():
    events = [click("m1", 1), click("m1", 2), click("m2", 2), click("m3", 4), click("m3", 3), click("m9", 5)]
    found = rates(tally(events, [*[PERSON] * 5, SCANNER])).links
    assert [(link.number, one.numerator, one.denominator) for link, one in found.items()] == [
        (2, 2, 3),
        (1, 1, 3),
        (3, 1, 3),
        (4, 1, 3),
        (5, 0, 3),
    ]
    assert next(iter(found)) == LinkKey("spring", 2, "https://example.com/2")


def test_hits_that_belong_to_no_mail_make_no_rate_of_mails_but_a_share_of_machines():
    events = [hit("m1", level=Level.AGGREGATE), hit("m2", level=Level.AGGREGATE)]
    found = rates(tally(events, [PERSON, SCANNER], deliveries=10))
    assert (found.opens, found.raw_opens.rate) == (None, None)
    assert (found.raw_opens.machine_hits.numerator, found.raw_opens.machine_hits.denominator) == (1, 2)
    assert found.clicks.low.numerator == 0


def test_more_complaints_than_deliveries_make_no_rate_and_as_many_make_one():
    def told(delivered):
        complaints = [hit(f"m{n}", Kind.COMPLAINED) for n in range(3)]
        return rates(tally(complaints, [None] * 3, deliveries={"spring": delivered})).outcomes

    assert "complained" not in told(2)
    assert told(3)["complained"].value == 1
    assert set(told(2)) == {"unsubscribed", "withdrawn"}
    assert told(0) == {}


def test_of_nothing_delivered_there_are_rates_without_a_value():
    found = rates(Tally().merge(seen(0, deliveries=0)))
    assert {(one.numerator, one.denominator, one.value) for one in every_rate(found)} == {(0, 0, None)}
    assert (found.delivered, found.raw_opens.rate.name, found.opens.low.interval) == (
        0,
        "raw open rate",
        interval(0, 0),
    )


# Doubts


def test_as_many_seen_as_delivered_is_a_rate_and_one_more_is_none():
    assert rates(seen(3, deliveries=3)).opens.low.value == 1
    assert rates(seen(3, deliveries=3)).doubts == []
    found = rates(seen(4, deliveries=3))
    assert (found.opens, found.clicks, found.raw_opens.rate, found.raw_clicks.rate) == (None, None, None, None)
    assert found.outcomes == {}
    assert found.doubt == "4 messages were seen, but only 3 said to be delivered: no rate is given."
    assert rates(seen(2, deliveries=1)).doubt.startswith("2 messages were seen, but only 1 ")
    one = rates(seen(1, deliveries=0))
    assert one.doubt == "1 message was seen, but only 0 said to be delivered: no rate is given."


def test_campaigns_without_a_number_are_named_the_first_five_of_them():
    def told(number):
        events = [hit("m", campaign=f"c{n}" if n else "") for n in range(number)] + [hit("m")]
        return rates(tally(events, [PERSON] * len(events), deliveries={"spring": 9})).doubt

    def said(named):
        return f"It is not known how many messages of {named} were delivered: rates are of the other campaigns alone."

    assert told(0) == ""
    assert told(1) == said("–")
    assert told(5) == said("–, c1, c2, c3, c4")
    assert told(6) == said("–, c1, c2, c3, c4, …")


def test_messages_of_which_the_provider_said_nothing_are_numbered_where_it_spoke_of_others():
    events = [hit("m0", Kind.DELIVERED), *(hit(f"m{n}", Kind.DELIVERED) for n in range(5, 9)), hit("m1"), hit("m2")]
    part = "of which the provider reported nothing: its events cover only a part."
    assert rates(tally(events, [PERSON] * 7)).doubt == f"2 messages were seen {part}"
    assert rates(tally(events[:-1], [PERSON] * 6)).doubt == f"1 message was seen {part}"
    assert rates(tally(events[:-2], [PERSON] * 5)).doubt == ""
    assert rates(tally(events, [PERSON] * 7, deliveries={"spring": 9})).doubt == ""


def test_several_doubts_are_sentences_in_one_text_and_without_deliveries_there_are_none():
    events = [hit("m1", Kind.SENT), hit("m2"), hit("m3"), hit("m4", campaign="autumn")]
    found = rates(tally(events, [PERSON] * 4))
    assert len(found.doubts) == 3
    assert found.doubt == " ".join(found.doubts)
    assert rates(seen(4)).doubts == []
    assert (rates(Tally()).doubt, rates(Tally()).outcomes) == ("", {})


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda said: pickle.loads(pickle.dumps(said))])
def test_a_sentence_keeps_its_pattern_and_values_through_copies(copied):
    said = copied(Sentence.of("{number} of {name}", number=1200, name="spring"))
    assert (said, said.pattern, said.values) == (
        "1,200 of spring",
        "{number} of {name}",
        {"number": 1200, "name": "spring"},
    )
    assert copied(Sentence.of("a {brace} that is none")) == "a {brace} that is none"


@pytest.mark.parametrize(
    ("value", "english", "german", "swiss"),
    [
        (1234567, "1,234,567", "1.234.567", "1’234’567"),
        (1234.56, "1,234.6", "1.234,6", "1’234.6"),
        (-0.04, "0.0", "0,0", "0.0"),
        (True, "True", "True", "True"),
        ("1,200.5", "1,200.5", "1,200.5", "1,200.5"),
        (None, "None", "None", "None"),
    ],
)
def test_numbers_are_written_in_groups_and_with_one_decimal_and_all_else_as_it_is(value, english, german, swiss):
    assert written(value) == english
    assert written(value, thousands=".", point=",") == german
    assert written(value, thousands="’") == swiss
