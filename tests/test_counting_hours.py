"""Hours of reading: what is counted where, and that known chances of reading are found again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from mailbeacon.counting import reading_hours
from mailbeacon.counting.zones import zone_named
from mailbeacon.errors import ConfigError
from mailbeacon.model import Actor, Kind, Verdict
from tests import making

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
PERSON, SCANNER = Verdict(actor=Actor.HUMAN), Verdict(actor=Actor.SCANNER)
CHANCES = [0.32 if hour == 20 else 0.16 if hour == 9 else 0.08 if 7 <= hour <= 22 else 0.04 for hour in range(24)]
"""How likely an unread mail is to be read in each hour of the day."""


def read(mail, at, sent=None, kind=Kind.OPEN, **fields):
    fields = {"recipient": mail, "message_id": mail} | fields
    return making.event(kind=kind, received_at=at, sent_at=sent, **fields), PERSON


def readers(sendings, number=1500, until=72, chances=CHANCES):
    """Return what people with these chances do with mails sent in some hours."""
    found = []
    for sending in sendings:
        sent, unread = MONDAY + timedelta(hours=sending), number
        for wait in range(until):
            now = round(unread * chances[(sending + wait) % 24])
            found += [read(f"{sending}-{wait}-{n}", sent + timedelta(hours=wait, minutes=5), sent) for n in range(now)]
            unread -= now
    return found


def test_known_chances_of_reading_are_found_again_whatever_the_hour_of_sending():
    found = reading_hours(readers((0, 5, 11, 18)))
    mean = sum(CHANCES) / 24
    assert found.by_likelihood == pytest.approx([chance / mean for chance in CHANCES], rel=0.08)
    assert sum(found.by_likelihood) == pytest.approx(24)
    usual = sum(sorted(CHANCES)[-13:-1]) / 12
    assert (found.suggestion.hour, found.reason) == (20, "")
    assert found.suggestion.times == pytest.approx(CHANCES[20] / usual, rel=0.08)
    *others, best = sorted(found.by_likelihood)
    assert found.suggestion.times == pytest.approx(best / (sum(others[-12:]) / 12))
    assert found.suggestion.interval.confidence == 0.95
    assert reading_hours(readers((0, 5, 11, 18)), confidence=0.8).suggestion.interval.confidence == 0.8


def test_what_is_read_after_three_days_or_again_or_before_it_was_sent_says_nothing_of_the_hour():
    pairs = readers((0, 5, 11, 18), number=200)
    found = reading_hours(pairs)
    late = [read(f"late{n}", MONDAY + timedelta(hours=72), MONDAY) for n in range(99)]
    again = [read(one.recipient, one.received_at + timedelta(hours=3), one.sent_at) for one, _ in pairs]
    early = [read(f"early{n}", MONDAY - timedelta(hours=1), MONDAY) for n in range(99)]
    undated = [read(f"undated{n}", MONDAY) for n in range(99)]
    for more in (late, again, again[::-1], early, undated):
        assert reading_hours([*more, *pairs]).by_likelihood == found.by_likelihood
        assert reading_hours([*pairs, *more]).by_likelihood == found.by_likelihood
        assert sum(reading_hours([*more, *pairs]).by_hour) == len(pairs) + len(more)


def test_the_hour_of_sending_is_that_of_the_recipients_zone():
    pairs = readers((0, 5, 11, 18), number=300)
    there = reading_hours(pairs, default="Asia/Tokyo")
    here = reading_hours(pairs)
    assert there.by_likelihood == pytest.approx(here.by_likelihood[-9:] + here.by_likelihood[:-9], abs=1e-6)
    assert there.by_hour == here.by_hour[-9:] + here.by_hour[:-9]
    some = reading_hours(pairs[:2], zones={pairs[0][0].recipient: "Asia/Tokyo"}, default="America/New_York")
    assert (some.by_hour[9], some.by_hour[19]) == (1, 1)


def test_each_mail_counts_once_in_an_hour_and_in_each_hour_it_was_read_in():
    at = MONDAY + timedelta(hours=9, minutes=10, seconds=7, microseconds=3)
    pairs = [
        (read("f", at)[0], SCANNER),
        read("a", at),
        read("a", at + timedelta(minutes=20)),
        read("a", at + timedelta(hours=1)),
        read("b", at),
    ]
    pairs += [read("c", at + timedelta(days=6)), (read("d", at)[0], SCANNER), read("e", at, kind=Kind.SENT)]
    found = reading_hours(pairs)
    assert [
        (day, hour, number) for day, row in enumerate(found.cells) for hour, number in enumerate(row) if number
    ] == [
        (0, 9, 2),
        (0, 10, 1),
        (6, 9, 1),
    ]
    assert [len(row) for row in found.cells] == [24] * 7
    assert (found.by_likelihood, found.suggestion) == ((), None)
    assert found.reason == "only 0 messages with a time of sending, at least 100 are needed"


@pytest.mark.parametrize(("number", "is_enough"), [(99, False), (100, True)])
def test_a_hundred_mails_are_enough_unless_the_host_says_otherwise(number, is_enough):
    pairs = readers((0, 5, 11, 18))[:: len(readers((0, 5, 11, 18))) // number][:number]
    assert len(pairs) == number
    assert ("messages with a time of sending" not in reading_hours(pairs).reason) is is_enough
    assert reading_hours(pairs, least=number + 1).reason.startswith(f"only {number} messages")


def test_mails_of_too_few_hours_tell_when_they_were_sent():
    said = "mails went out in fewer than 3 hours of the day: when they are read tells when they were sent"
    assert reading_hours(readers((6, 18))).reason == said
    assert reading_hours(readers((6, 11, 18))).reason == ""
    alike = [
        read(f"{n}", MONDAY + timedelta(hours=n % 24, minutes=1), MONDAY + timedelta(hours=n % 24)) for n in range(480)
    ]
    assert reading_hours(alike).reason == "no hour stands out from the others"
    assert reading_hours(alike).by_likelihood == pytest.approx([1.0] * 24)


@pytest.mark.parametrize("sendings", [(8, 12, 16), (6, 12, 18), (0, 6, 12, 18), (7, 15, 23), (1, 3, 11), (1, 4, 7)])
def test_hours_of_sending_a_common_step_apart_set_no_hour_beside_all_others(sendings):
    """Mails of 8, 12 and 16 o'clock once made hour 9 the best, where readers liked 8, 12, 16 and 20 twice as much."""
    found = reading_hours(readers(sendings, number=300))
    assert (found.suggestion, found.by_likelihood) == (None, ())
    assert found.reason.startswith("the hours of sending lie a common step apart")


def test_an_hour_half_as_good_again_is_suggested_and_so_is_one_of_hours_of_sending_five_apart():
    chances = [0.12 if hour == 20 else 0.08 if 7 <= hour <= 22 else 0.04 for hour in range(24)]
    found = reading_hours(readers((0, 5, 10), number=4000, chances=chances))
    assert found.suggestion.hour == 20
    assert 1 < found.suggestion.interval.low < found.suggestion.times < found.suggestion.interval.high < 2
    assert (
        reading_hours(readers((0, 5, 10), number=100, chances=chances)).reason == "no hour stands out from the others"
    )


def test_of_forty_mails_one_is_enough_to_set_hours_beside_each_other():
    pairs = readers((8, 12, 16), number=800)
    pairs = [pairs[n * len(pairs) // 1560] for n in range(1560)]
    some = readers((17,), number=400)[::7][:40]
    assert reading_hours([*pairs, *some]).by_likelihood
    assert not reading_hours([*pairs, *some[:39]]).by_likelihood


def test_a_few_mails_of_another_hour_do_not_set_hours_beside_each_other_and_one_in_forty_do():
    pairs = readers((8, 12, 16), number=400)
    some = readers((17,), number=400)
    few, enough = len(pairs) // 40, -(-len(pairs) // 39)
    assert reading_hours([*pairs, *some[::7][:few]]).reason.startswith("the hours of sending lie a common step apart")
    assert reading_hours([*pairs, *some[: enough + 1]]).by_likelihood


def test_a_zone_has_a_name_or_is_one_and_utc_needs_no_data():
    berlin = zone_named("Europe/Berlin")
    assert zone_named(berlin) is berlin
    assert (zone_named("UTC"), zone_named(UTC)) == (UTC, UTC)
    for wrong in ("Nowhere/None", "", "../etc", "a\0b", None, 7):
        with pytest.raises(ConfigError, match="no such time zone"):
            zone_named(wrong)
