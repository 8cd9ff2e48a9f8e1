"""Campaigns side by side: in the order they came, each against those before it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from mailbeacon.counting import compare_campaigns, tally
from mailbeacon.counting.proportions import difference, p_value
from mailbeacon.errors import ConfigError
from mailbeacon.model import Actor, Verdict
from tests.making import NOON, hit

PERSON = Verdict(actor=Actor.HUMAN)


def counted(*campaigns, deliveries=None):
    """Count campaigns a week apart: name and how many people opened."""
    pairs = [
        (hit(f"{name}{n}", minutes=7 * 24 * 60 * week, recipient=str(n), campaign=name), PERSON)
        for week, (name, people) in enumerate(campaigns)
        for n in range(people)
    ]
    numbers = {name: 1_000 for name, _ in campaigns} if deliveries is None else deliveries
    return tally(pairs, deliveries=numbers)


def test_each_campaign_is_held_against_all_messages_of_those_before_it():
    rows = compare_campaigns(counted(("z", 200), ("y", 300), ("x", 210)))
    assert [row.campaign for row in rows] == ["z", "y", "x"]
    assert rows[0].opens is None
    change = rows[2].opens
    assert change.points == pytest.approx(0.21 - 500 / 2_000)
    assert change.interval == difference(210, 1_000, 500, 2_000)
    assert (change.p, change.of) == (p_value(210, 1_000, 500, 2_000), 2)
    assert not rows[1].opens.could_be_chance
    assert rows[1].clicks.could_be_chance


def test_only_the_last_ones_count():
    rows = compare_campaigns(counted(("a", 900), ("b", 200), ("c", 200)), last=1)
    assert (rows[2].opens.points, rows[2].opens.of) == (0, 1)
    with pytest.raises(ConfigError, match="last"):
        compare_campaigns(counted(), last=0)


def test_a_campaign_without_deliveries_has_no_rate_and_is_no_measure():
    rows = compare_campaigns(counted(("a", 10), ("b", 20), ("c", 30), deliveries={"a": 1_000, "c": 1_000}))
    assert rows[1].rates.opens is None
    assert rows[1].opens is None
    assert rows[2].opens.points == pytest.approx(0.02)
    assert rows[2].opens.of == 1


def test_a_campaign_nobody_opened_stands_last_and_one_of_no_mails_is_no_measure():
    rows = compare_campaigns(counted(("z", 10), ("a", 10), deliveries={"z": 100, "a": 100, "b": 50, "c": 50}))
    assert [(row.campaign, row.first is None) for row in rows] == [("z", False), ("a", False), ("b", True), ("c", True)]
    assert rows[2].opens.points == pytest.approx(-0.1)
    none = compare_campaigns(counted(("a", 0), ("b", 10), deliveries={"a": 0, "b": 100}))
    assert [(row.campaign, row.opens) for row in none] == [("b", None), ("a", None)]
    later = compare_campaigns(counted(("b", 10), ("c", 20), deliveries={"b": 0, "c": 100}))
    assert [(row.campaign, row.opens) for row in later] == [("b", None), ("c", None)], (
        "there is nothing to hold it against"
    )


def test_the_first_hit_orders_and_the_confidence_is_that_of_every_interval():
    long = [(hit("a1", campaign="a"), PERSON), (hit("a2", minutes=900, campaign="a"), PERSON)]
    short = [(hit("b1", minutes=9, campaign="b"), PERSON)]
    rows = compare_campaigns(tally([*long, *short], deliveries={"a": 100, "b": 100}), confidence=0.8)
    assert [(row.campaign, row.first) for row in rows] == [("a", NOON), ("b", NOON + timedelta(minutes=9))]
    assert rows[1].opens.interval == difference(1, 100, 2, 100, confidence=0.8)
    assert rows[1].rates.opens.low.interval.confidence == 0.8
    with pytest.raises(ConfigError, match="last must be a whole number from 1, got 0"):
        compare_campaigns(counted(), last=0)
