"""Experiments: what decides, by how much who leads, and in which words that is said, to the figure."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from mailbeacon.counting import Tally, compare, missing_for_comparison, tally
from mailbeacon.errors import ConfigError
from mailbeacon.model import Actor, Kind, Verdict
from tests import making

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def arm(name, delivered, people=0, unknown=0, clicked=0):
    """Make the tally of one variant."""
    actors = [Actor.HUMAN] * people + [Actor.PRIVACY_PROXY] * unknown
    pairs = [(seen(f"{name}{n}", name), Verdict(actor=actor)) for n, actor in enumerate(actors)]
    pairs += [(seen(f"{name}{n}", name, Kind.CLICK), Verdict(actor=Actor.HUMAN)) for n in range(clicked)]
    return tally(pairs, deliveries={("spring", name): delivered})


def seen(mail, variant, kind=Kind.OPEN):
    link = 1 if kind is Kind.CLICK else None
    return making.event(recipient=mail, message_id=mail, kind=kind, received_at=NOON, variant=variant, link=link)


def figures(found):
    return [
        (one.better, one.other, round(one.points, 4), round(one.p, 4), one.needed, one.is_clear)
        for one in found.contrasts
    ]


THREE = {"a": arm("a", 1000, people=200), "b": arm("b", 1000, people=250, clicked=10), "c": arm("c", 1000, people=205)}


def test_three_variants_are_compared_each_with_each_the_best_first():
    found = compare(THREE)
    assert figures(found) == [
        ("b", "c", 0.045, 0.0328, 1362, True),
        ("b", "a", 0.05, 0.0223, 1094, True),
        ("c", "a", 0.005, 0.7808, 101403, False),
    ]
    assert (round(found.contrasts[0].interval.low, 4), round(found.contrasts[0].interval.high, 4)) == (0.0082, 0.0816)
    assert {name: (one.name, one.numerator, one.denominator, one.of) for name, one in found.rates.items()} == {
        "a": ("open rate of a", 200, 1000, "delivered"),
        "b": ("open rate of b", 250, 1000, "delivered"),
        "c": ("open rate of c", 205, 1000, "delivered"),
    }
    assert found.sentence == (
        "b leads c by 4.5 points in opens (0.8 to 8.2); chance alone would rarely give as much (p = 0.033)."
    )
    assert found.waiting == (
        "While it waits, each 1,000 messages sent with c in place of b cost about 45 opens (between 8 and 82)."
    )
    whole = Tally()
    for one in THREE.values():
        whole = whole.merge(one)
    assert compare(whole) == found


def test_another_confidence_changes_the_intervals_what_is_clear_and_what_is_needed():
    found = compare(THREE, confidence=0.8)
    assert [one.needed for one in found.contrasts] == [782, 628, 58239]
    assert {one.interval.confidence for one in (*found.contrasts, *found.rates.values())} == {0.8}
    assert {one.interval.confidence for one in (*compare(THREE).contrasts, *compare(THREE).rates.values())} == {0.95}
    close = {"a": arm("a", 200, people=40), "b": arm("b", 200, people=52)}
    assert [compare(close, confidence=share).contrasts[0].is_clear for share in (0.8, 0.95)] == [True, False]


@pytest.mark.parametrize(
    ("variants", "options", "why", "sentence"),
    [
        pytest.param(
            THREE,
            {"kind": Kind.CLICK},
            "Clicks decide, as asked.",
            "b leads a by 1.0 points in clicks (0.4 to 1.8); chance alone would rarely give as much (p = 0.005).",
            id="clicks, as asked",
        ),
        pytest.param(
            {"a": arm("a", 10, people=9), "b": arm("b", 10, people=9)},
            {"kind": Kind.OPEN},
            "Opens decide, as asked.",
            "a and b are level in opens.",
            id="opens, as asked",
        ),
        pytest.param(
            {"a": arm("a", 100, people=40, unknown=10), "b": arm("b", 100, people=50)},
            {},
            "Opens decide, for of them at most 20 % are unknown.",
            "b leads a by 10.0 points in opens (-3.7 to 23.2); that could be chance (p = 0.155). A lead of this size needs "
            "about 388 messages per variant to be told from chance.",
            id="a fifth is unknown",
        ),
        pytest.param(
            {"a": arm("a", 100, people=40, unknown=11), "b": arm("b", 100, people=50)},
            {},
            "Clicks decide, for of the opens up to 22 % are unknown (Apple's proxy).",
            "a and b are level in clicks.",
            id="more than a fifth is unknown",
        ),
        pytest.param(
            {"a": arm("a", 100, people=40, unknown=11), "b": arm("b", 100, people=40)},
            {"most_unknown": 0.3},
            "Opens decide, for of them at most 22 % are unknown.",
            "a and b are level in opens.",
            id="more than a fifth, and that is allowed",
        ),
        pytest.param(
            {"a": arm("a", 100, people=3, unknown=97), "b": arm("b", 100, people=3)},
            {},
            "Clicks decide, for of the opens up to 97 % are unknown (Apple's proxy).",
            "a and b are level in clicks.",
            id="nearly all is unknown",
        ),
        pytest.param(
            {"a": arm("a", 100, people=3, unknown=97), "b": arm("b", 100, people=3)},
            {"most_unknown": 0.97},
            "Opens decide, for of them at most 97 % are unknown.",
            "a and b are level in opens.",
            id="nearly all is unknown, and that is allowed",
        ),
        pytest.param(
            {"a": arm("a", 10, people=10), "b": arm("b", 10, people=7)},
            {},
            "Opens decide, for of them at most 0 % are unknown.",
            "a leads b by 30.0 points in opens (-3.8 to 60.3); that could be chance (p = 0.211).",
            id="all of one",
        ),
        pytest.param(
            {"a": arm("a", 10, people=10), "b": arm("b", 10)},
            {},
            "Opens decide, for of them at most 0 % are unknown.",
            "a leads b by 100.0 points in opens (60.8 to 100.0); chance alone would rarely give as much (p = less than 0.001).",
            id="all of one, none of the other",
        ),
        pytest.param(
            {"a": arm("a", 0), "b": arm("b", 0)},
            {},
            "Opens decide, for of them at most 0 % are unknown.",
            "a and b are level in opens.",
            id="nothing was delivered",
        ),
    ],
)
def test_what_decided_and_who_leads_is_said(variants, options, why, sentence):
    found = compare(variants, **options)
    assert (found.why, found.sentence) == (why, sentence)
    assert (found.waiting == "") is ("level" in sentence)
    assert found.kind is (Kind.CLICK if "Clicks decide" in why else Kind.OPEN)


def test_what_waiting_costs_is_said_by_the_thousand():
    found = compare({"a": arm("a", 10, people=10), "b": arm("b", 10)})
    assert found.waiting == (
        "While it waits, each 1,000 messages sent with b in place of a cost about 1,000 opens (between 608 and 1,000)."
    )


def test_as_many_people_as_were_delivered_can_be_compared_and_one_more_cannot():
    assert compare({"a": arm("a", 3, people=3), "b": arm("b", 3)}).contrasts[0].points == 1
    with pytest.raises(ConfigError, match=r"more messages of a variant were seen \(4\) than delivered \(3\)"):
        compare({"a": arm("a", 3, people=4), "b": arm("b", 3)})
    whole = arm("a", 3, people=3).merge(arm("b", 9))
    assert missing_for_comparison(whole) == ""
    none = arm("a", 0, people=1).merge(arm("b", 9))
    assert missing_for_comparison(none).endswith("more messages of a were seen (1) than delivered.")
    assert missing_for_comparison(arm("a", 0).merge(arm("b", 0))) == ""
    few = arm("a", 3, people=4).merge(arm("b", 9))
    assert missing_for_comparison(few) == (
        "The variants cannot be compared: more messages of a were seen (4) than delivered."
    )


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: compare({"a": Tally()}), "a comparison needs at least two variants, got 1"),
        (lambda: compare(Tally()), "a comparison needs at least two variants, got 0"),
        (lambda: compare(THREE, kind=Kind.SENT), "opens or clicks decide a comparison, not sent"),
        (
            lambda: compare({"a": Tally(), "b": Tally()}),
            "a comparison needs to know how many messages of each variant were delivered",
        ),
    ],
)
def test_what_cannot_be_compared_is_told(make, said):
    with pytest.raises(ConfigError, match=said):
        make()
