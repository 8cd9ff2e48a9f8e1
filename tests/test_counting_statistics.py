"""Rates, differences, sample sizes and readership: against published figures, other packages and simulation."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbeacon.counting import (
    Tally,
    compare,
    estimate_readers,
    interval,
    missing_for_comparison,
    rates,
    readership,
    sample_size,
    tally,
)
from mailbeacon.counting.proportions import difference, holm, p_value
from mailbeacon.errors import ConfigError
from mailbeacon.model import Actor, Kind, Verdict
from tests.making import click, hit

shares = st.integers(1, 3000).flatmap(lambda total: st.tuples(st.integers(0, total), st.just(total)))
confidences = st.sampled_from([0.8, 0.95, 0.99])


def arm(name, delivered, people=0, unknown=0, machines=0, clicked=0):
    """Make the tally of one variant."""
    numbers = [(Actor.HUMAN, people), (Actor.PRIVACY_PROXY, unknown), (Actor.SCANNER, machines)]
    actors = [actor for actor, number in numbers for _ in range(number)]
    opens = [_alone(hit, f"{name}{place}", name) for place in range(len(actors))]
    clicks = [_alone(click, f"{name}{place}", name) for place in range(clicked)]
    verdicts = [Verdict(actor=actor) for actor in actors + [Actor.HUMAN] * clicked]
    return tally(opens + clicks, verdicts, deliveries={("spring", name): delivered})


def _alone(make, mail, variant):
    """Return the event of a mail whose recipient got no other."""
    return make(mail, recipient=mail, variant=variant)


@given(shares, confidences)
def test_the_interval_holds_the_share_and_stays_within_0_and_1(cell, confidence):
    hits, total = cell
    bounds = interval(hits, total, confidence=confidence)
    assert 0 <= bounds.low <= hits / total <= bounds.high <= 1


def test_the_interval_of_nothing_is_everything():
    bounds = interval(0, 0)
    assert (bounds.low, bounds.high) == (0, 1)


@pytest.mark.parametrize(
    ("hits", "total", "low", "high"),
    [
        pytest.param(81, 263, 0.2553, 0.3662, id="81 of 263"),
        pytest.param(15, 148, 0.0624, 0.1605, id="15 of 148"),
        pytest.param(0, 20, 0.0, 0.1611, id="0 of 20"),
        pytest.param(1, 29, 0.0061, 0.1718, id="1 of 29"),
    ],
)
def test_the_interval_agrees_with_published_figures(hits, total, low, high):
    """Newcombe 1998 (Statistics in Medicine 17, 857-872), table I, method 3."""
    bounds = interval(hits, total)
    assert (round(bounds.low, 4), round(bounds.high, 4)) == (low, high)


@pytest.mark.parametrize(
    ("cell", "low", "high"),
    [
        pytest.param((56, 70, 48, 80), 0.0524, 0.3339, id="56/70 - 48/80"),
        pytest.param((9, 10, 3, 10), 0.1705, 0.8090, id="9/10 - 3/10"),
        pytest.param((10, 10, 0, 10), 0.6075, 1.0, id="10/10 - 0/10"),
    ],
)
def test_the_difference_agrees_with_published_figures(cell, low, high):
    """Newcombe 1998 (Statistics in Medicine 17, 873-890), table II, method 10."""
    bounds = difference(*cell)
    assert (round(bounds.low, 4), round(bounds.high, 4)) == (low, high)


@given(shares, shares, confidences)
def test_the_difference_turned_round_is_its_mirror(one, two, confidence):
    there, back = difference(*one, *two, confidence=confidence), difference(*two, *one, confidence=confidence)
    assert there.low == pytest.approx(-back.high)
    assert p_value(*one, *two) == pytest.approx(p_value(*two, *one))


def test_intervals_and_differences_agree_with_statsmodels():
    proportion = pytest.importorskip("statsmodels.stats.proportion", reason="statsmodels is not installed")
    source = random.Random(1)
    for _ in range(200):
        total, base_total = source.randrange(1, 5000), source.randrange(1, 5000)
        hits, base_hits = source.randrange(total + 1), source.randrange(base_total + 1)
        low, high = proportion.proportion_confint(hits, total, method="wilson")
        bounds = interval(hits, total)
        assert (bounds.low, bounds.high) == (pytest.approx(low, abs=1e-12), pytest.approx(high, abs=1e-12))
        low, high = proportion.confint_proportions_2indep(hits, total, base_hits, base_total, method="newcomb")
        bounds = difference(hits, total, base_hits, base_total)
        assert (bounds.low, bounds.high) == (pytest.approx(low, abs=1e-12), pytest.approx(high, abs=1e-12))


def test_p_values_agree_with_scipy():
    stats = pytest.importorskip("scipy.stats", reason="scipy is not installed")
    source = random.Random(2)
    for _ in range(300):
        total, base_total = source.randrange(2, 400), source.randrange(2, 400)
        hits, base_hits = source.randrange(total), source.randrange(base_total)
        table = [[hits, total - hits], [base_hits, base_total - base_hits]]
        if hits + base_hits == 0:
            continue
        exact = stats.contingency.expected_freq(table).min() < 5
        wanted = stats.fisher_exact(table).pvalue if exact else stats.chi2_contingency(table, correction=False).pvalue
        assert p_value(hits, total, base_hits, base_total) == pytest.approx(wanted, abs=1e-9)


def test_corrected_p_values_agree_with_statsmodels():
    multitest = pytest.importorskip("statsmodels.stats.multitest", reason="statsmodels is not installed")
    source = random.Random(3)
    for size in (1, 2, 3, 6, 10):
        values = [source.random() ** 3 for _ in range(size)]
        assert holm(values) == pytest.approx(list(multitest.multipletests(values, method="holm")[1]))


@pytest.mark.parametrize(("share", "better"), [(0.2, 0.22), (0.05, 0.04), (0.5, 0.6), (0.01, 0.02)])
def test_sample_sizes_agree_with_statsmodels(share, better):
    proportion = pytest.importorskip("statsmodels.stats.proportion", reason="statsmodels is not installed")
    wanted = proportion.samplesize_proportions_2indep_onetail(
        better - share, share, 0.8, alpha=0.05, alternative="two-sided"
    )
    assert sample_size(share, better) == pytest.approx(wanted, rel=0.005, abs=1)


def test_rates_name_their_parts():
    found = rates(arm("a", 1000, people=300, unknown=200, machines=50, clicked=40))
    low, high = found.opens.low, found.opens.high
    assert (low.numerator, low.denominator, low.unit, low.of) == (300, 1000, "messages", "delivered")
    assert high.numerator == 500
    assert low.value in low.interval
    assert found.clicks.low.numerator == 40
    assert (found.click_to_open.numerator, found.click_to_open.denominator) == (40, 300)
    assert (found.raw_opens.hits, found.raw_opens.messages, found.raw_opens.rate.numerator) == (550, 550, 550)
    assert found.raw_opens.machine_hits.value == pytest.approx(50 / 550)


def test_without_deliveries_there_are_counts_but_no_rates():
    found = rates(tally([hit("m")], [Verdict(actor=Actor.HUMAN)]))
    assert found.opens is None
    assert found.raw_opens.messages == 1


def test_more_seen_than_delivered_gives_no_rate_but_says_so():
    """Case 29: views above sent."""
    found = rates(arm("a", 10, people=12))
    assert found.opens is None
    assert found.delivered == 10
    assert "12 messages were seen" in found.doubt


def test_rates_of_nothing_at_all():
    found = rates(Tally())
    assert (found.delivered, found.opens, found.click_to_open.value) == (None, None, None)


@given(st.integers(0, 200), st.integers(0, 200), st.integers(0, 200), st.integers(0, 500))
def test_an_estimate_of_readers_lies_between_the_seen_and_the_delivered(both, opened, clicked, more):
    seen = both + opened + clicked
    found = estimate_readers(both + opened, both + clicked, both, most=seen + more)
    if found.estimate is None:
        assert found.reason == "not enough clicks"
    else:
        assert seen - 1e-9 <= found.interval.low <= found.estimate <= found.interval.high <= seen + more + 1e-9


def campaign(source, *, clicks_of_readers, seen_odds=1.0):
    """Draw one campaign: how many read, were seen opening, clicked, did both, and how many mails there were."""
    mails = round(10 ** source.uniform(2.4, 4))
    seen_share = (1 - source.uniform(0, 0.6)) * (1 - source.uniform(0, 0.7))
    readers = (
        sum(source.random() < 0.4 for _ in range(mails)) if mails < 500 else round(mails * source.uniform(0.2, 0.6))
    )
    share = source.uniform(0.03, 0.1) * (1 if clicks_of_readers else min(10, mails / max(readers, 1)))
    odds = seen_share / max(1e-9, 1 - seen_share) * seen_odds
    opened = clicked = both = 0
    for _ in range(readers):
        clicks = source.random() < share
        sees = source.random() < (odds / (1 + odds) if clicks else seen_share)
        opened, clicked, both = opened + sees, clicked + clicks, both + (sees and clicks)
    return readers, opened, clicked, both, mails


@pytest.mark.parametrize(
    "clicks_of_readers", [pytest.param(True, id="clicks of readers"), pytest.param(False, id="clicks of mails")]
)
def test_the_interval_of_readers_holds_the_truth_where_its_assumption_holds(clicks_of_readers):
    """1,000 campaigns of 250 to 10,000 mails, blocking 0 to 60 %, Apple 0 to 70 %, clicks 3 to 10 %."""
    source = random.Random(11)
    answered = held = 0
    for _ in range(1000):
        readers, opened, clicked, both, mails = campaign(source, clicks_of_readers=clicks_of_readers)
        found = estimate_readers(opened, clicked, both, most=mails)
        if found.estimate is not None:
            assert found.interval.high <= 3 * found.estimate
            answered += 1
            held += found.interval.low <= readers <= found.interval.high
    assert answered > 600
    assert held / answered >= 0.93


def test_readership_reads_the_tally_and_knows_when_not_to_answer():
    found = readership(arm("a", 1000, people=300, clicked=60))
    assert (found.opened, found.clicked, found.both) == (300, 60, 60)
    assert found.estimate == pytest.approx(300, abs=1)
    assert "assumes" in found.assumption
    none = readership(arm("a", 1000, people=300))
    assert (none.estimate, none.reason) == (None, "not enough clicks")


@pytest.mark.parametrize(("confidence", "low", "high"), [(0.95, 680.440357, 981.456613), (0.8, 716.318189, 909.926818)])
def test_the_estimate_and_its_interval_are_those_of_the_formulas(confidence, low, high):
    """Chapman's point and Sadinle's interval, for 400 who opened and 100 who clicked, 50 of them both."""
    found = estimate_readers(400, 100, 50, confidence=confidence)
    assert (found.opened, found.clicked, found.both) == (400, 100, 50)
    assert found.estimate == pytest.approx(401 * 101 / 51 - 1)
    assert (found.interval.low, found.interval.high) == pytest.approx((low, high))
    assert (found.interval.confidence, found.reason) == (confidence, "")


def test_no_more_can_have_read_than_were_delivered_and_no_fewer_than_were_seen():
    pairs = [(_alone(hit, f"m{n}", ""), Verdict(actor=Actor.HUMAN)) for n in range(400)]
    pairs += [(_alone(click, f"m{n}", ""), Verdict(actor=Actor.HUMAN)) for n in range(350, 450)]
    for delivered, most in ((750, 750), (2_000, 401 * 101 / 51 - 1), (449, 401 * 101 / 51 - 1)):
        found = readership(tally(pairs, deliveries=delivered), confidence=0.8)
        assert (found.opened, found.clicked, found.both) == (400, 100, 50)
        assert found.estimate == pytest.approx(most)
        assert found.interval.confidence == 0.8
        assert (found.interval.high > 793) is (most > 793)
    assert estimate_readers(400, 100, 50, most=450).estimate == 450
    assert estimate_readers(400, 100, 50, most=450).interval.low == 450


def test_a_clear_lead_and_one_that_could_be_chance():
    arms = arm("a", 2000, people=400).merge(arm("b", 2000, people=500))
    found = compare(arms)
    assert found.kind == Kind.OPEN
    assert found.sentence.startswith("b leads a by 5.0 points in opens (2.4 to 7.6); chance alone would rarely")
    close = compare({"a": arm("a", 200, people=40), "b": arm("b", 200, people=43)})
    assert "that could be chance" in close.sentence
    assert close.contrasts[0].needed > 1000
    assert "level" in compare({"a": arm("a", 200, people=40), "b": arm("b", 200, people=40)}).sentence


def test_clicks_decide_where_too_many_opens_are_unknown_and_that_is_said():
    found = compare({"a": arm("a", 900, people=50, unknown=100), "b": arm("b", 900, people=60, clicked=20)})
    assert found.kind == Kind.CLICK
    assert found.why.startswith("Clicks decide, for of the opens up to 67 % are unknown")
    assert compare({"a": arm("a", 9, people=5), "b": arm("b", 9, people=6)}, kind=Kind.CLICK).why.endswith("as asked.")


def test_more_than_two_variants_are_corrected_and_need_more_to_be_clear():
    two = {"a": arm("a", 1000, people=200), "b": arm("b", 1000, people=240)}
    three = two | {"c": arm("c", 1000, people=205)}
    assert compare(two).contrasts[0].is_clear
    found = compare(three)
    assert len(found.contrasts) == 3
    assert not found.contrasts[0].is_clear or found.contrasts[0].p > compare(two).contrasts[0].p


@pytest.mark.parametrize(
    ("make", "what"),
    [
        pytest.param(lambda: interval(3, 2), "0 <= hits <= total", id="more hits than total"),
        pytest.param(lambda: interval(1, 2, confidence=1), "between 0 and 1", id="certainty"),
        pytest.param(lambda: compare({"a": Tally()}), "two variants", id="one variant"),
        pytest.param(lambda: compare({"a": Tally(), "b": Tally()}), "delivered", id="deliveries not known"),
        pytest.param(lambda: compare({"a": arm("a", 1, 2), "b": arm("b", 1)}), "more messages", id="more than sent"),
        pytest.param(
            lambda: compare({"a": Tally(), "b": Tally()}, kind=Kind.SENT), "decide", id="a kind that decides nothing"
        ),
        pytest.param(lambda: sample_size(0.2, 0.2), "different", id="no difference to find"),
        pytest.param(lambda: estimate_readers(1, 2, 3), "both", id="catches that contradict each other"),
    ],
)
def test_what_cannot_work_is_a_clear_error(make, what):
    with pytest.raises(ConfigError, match=what):
        make()


def test_it_is_said_what_is_missing_for_a_comparison():
    def one(mail, variant):
        return hit(mail, recipient=mail, campaign="", variant=variant)

    events, verdicts = [one("m1", "a"), one("m2", "b"), one("m3", "b")], [Verdict(actor=Actor.HUMAN)] * 3
    assert missing_for_comparison(tally(events[:1], verdicts[:1])) == ""
    said = "The variants cannot be compared: it is not known how many messages of a, b were delivered."
    assert missing_for_comparison(tally(events, verdicts)) == said
    assert missing_for_comparison(tally(events, verdicts, deliveries=9)) == said
    assert missing_for_comparison(tally(events, verdicts, deliveries={("", "a"): 9, ("", "b"): 9})) == ""
    few = tally(events, verdicts, deliveries={("", "a"): 9, ("", "b"): 1})
    assert missing_for_comparison(few).endswith("more messages of b were seen (2) than delivered.")


def test_what_waiting_costs_is_said_in_the_unit_that_decides():
    said = compare({"a": arm("a", 1_000, people=200), "b": arm("b", 1_000, people=160)}, kind=Kind.OPEN).waiting
    assert said.startswith(
        "While it waits, each 1,000 messages sent with b in place of a cost about 40 opens (between "
    )
    assert compare({"a": arm("a", 1_000, people=200), "b": arm("b", 1_000, people=200)}, kind=Kind.OPEN).waiting == ""


def test_where_one_of_two_had_no_message_nothing_is_known_of_their_difference():
    for cell in ((0, 0, 3, 10), (3, 10, 0, 0), (0, 0, 0, 0)):
        bounds = difference(*cell, confidence=0.8)
        assert (bounds.low, bounds.high, bounds.confidence) == (-1, 1, 0.8)
        assert p_value(*cell) == 1
    assert difference(3, 10, 4, 10, confidence=0.8).confidence == 0.8
    assert difference(3, 10, 4, 10).confidence == 0.95


def test_a_p_value_is_exact_below_five_expected_and_never_above_one():
    assert p_value(3, 10, 7, 10) == pytest.approx(0.0736, abs=1e-4)  # five expected in each cell: the z-test
    assert p_value(3, 9, 7, 10) == pytest.approx(0.1789, abs=1e-4)  # fewer: Fisher's
    small = [(a, 6, b, 5) for a in range(7) for b in range(6)]
    assert all(0 < p_value(*cell) <= 1 for cell in small)
    assert {p_value(0, 6, 0, 5), p_value(6, 6, 5, 5)} == {1}


@pytest.mark.parametrize("shares", [(0, 0.5), (1, 0.5), (0.5, 0), (0.5, 1), (1.5, 0.5), (0.5, 1.5), (-0.1, 0.5)])
def test_a_sample_size_is_of_shares_between_0_and_1(shares):
    with pytest.raises(ConfigError, match="two different shares between 0 and 1"):
        sample_size(*shares)


def test_a_surer_answer_needs_more_messages():
    usual = sample_size(0.2, 0.25)
    assert sample_size(0.2, 0.25, power=0.9) > usual > sample_size(0.2, 0.25, confidence=0.8)
