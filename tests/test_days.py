"""A day is one of UTC wherever nobody asks for another, whatever zone the machine is set to."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from mailbeacon import counting, privacy, replying
from mailbeacon.model import Actor, Event, Kind, Verdict
from tests.making import event

pytestmark = pytest.mark.skipif(not hasattr(time, "tzset"), reason="the zone of a process can be set on Unix alone")

EAST = timezone(timedelta(hours=14))
LATE = datetime(2026, 3, 2, 23, 30, tzinfo=UTC)
"""The third of March nearly everywhere east of London, and the second in UTC."""
DAY = date(2026, 3, 2)
PERSON = Verdict(actor=Actor.HUMAN)


@pytest.fixture(params=["Pacific/Kiritimati", "Pacific/Pago_Pago"], autouse=True)
def _machine(request: pytest.FixtureRequest) -> Iterator[None]:
    """Set the machine's zone, in fourteen hours' advance of UTC or eleven behind it."""
    before = os.environ.get("TZ")
    os.environ["TZ"] = request.param
    time.tzset()
    yield
    if before is None:
        del os.environ["TZ"]
    else:
        os.environ["TZ"] = before
    time.tzset()


@pytest.fixture(params=[UTC, EAST], ids=["in UTC", "written in another zone"])
def late(request: pytest.FixtureRequest) -> Event:
    return event(received_at=LATE.astimezone(request.param))


def test_the_key_of_a_digest_is_that_of_the_day(late: Event) -> None:
    days: list[date] = []

    def secret(day: date) -> bytes:
        days.append(day)
        return b"a key of sixteen or more"

    privacy.redact(late.changed(address="192.0.2.1"), address="hash", secret=secret)
    assert days == [DAY]


def test_an_event_at_the_level_of_days_has_the_beginning_of_its_day(late: Event) -> None:
    assert privacy.dated(late).received_at == datetime(2026, 3, 2, tzinfo=UTC)


def test_hits_of_a_mail_are_limited_by_the_day(late: Event) -> None:
    limit = replying.HitLimit(1)
    found = [limit.admit(late.changed(received_at=late.received_at + timedelta(hours=n))) for n in (-23, 0, 0.25, 1)]
    assert [one and one.unrecorded for one in found] == [0, 0, None, 0]


def test_leads_readers_and_audiences_are_told_by_the_day(late: Event) -> None:
    (lead,) = counting.score([(late, PERSON)], now=LATE)
    assert (lead.last, lead.opened, lead.score) == (DAY, (DAY,), 1)
    (later,) = counting.score([(late, PERSON)], now=LATE + timedelta(minutes=31), half_life=timedelta(days=1))
    assert later.score == 0.5
    report = counting.read_report([late], [PERSON], {"u-1": "sales"}, names=True)
    assert report.readers[0].day == DAY
    subscriber = counting.Subscriber(recipient="u-1", added_at=LATE - timedelta(days=400))
    (member,) = counting.audiences([late], [PERSON], [subscriber], LATE)
    assert member.last == DAY
    told: list[counting.Lead] = []
    counting.HotWatch(told.append, at_least=1)(late, PERSON)
    assert told[0].last == DAY


def test_a_tally_counts_days_and_hours_of_utc_unless_asked_for_others(late: Event) -> None:
    found = counting.tally([late], [PERSON])
    for one in (found, found.closed()):
        assert [*one.by(counting.Dimension.DAY, Kind.OPEN)] == [DAY]
        assert [*one.by(counting.Dimension.HOUR, Kind.OPEN)] == [LATE.replace(minute=0)]
    assert [*found.by(counting.Dimension.DAY, Kind.OPEN, zone="Europe/Berlin")] == [DAY + timedelta(days=1)]
    assert counting.reading_hours([late], [PERSON]).by_hour[23] == 1
