"""Audiences at their borders: the day on which somebody passes from one to the next, and the words for it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from mailbeacon.counting import Segment, SegmentWindows, Subscriber, audiences, sunset
from mailbeacon.errors import ConfigError
from mailbeacon.model import Actor, Facts, Kind, Level, Verdict
from tests import making

NOW = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
PERSON, APPLE = Verdict(actor=Actor.HUMAN), Verdict(actor=Actor.PRIVACY_PROXY)
LONG_AGO = NOW - timedelta(days=900)


def act(ago, kind=Kind.OPEN, *, client="", verdict=PERSON, **fields):
    facts = Facts(client=client)
    fields = {"recipient": "u1"} | fields
    return making.event(kind=kind, received_at=NOW - timedelta(days=ago), facts=facts, **fields), verdict


def stands(*pairs, added=900.0, since=LONG_AGO, windows=None, **fields):
    """Return where somebody stands, and why."""
    subscriber = Subscriber(recipient="u1", added_at=NOW - timedelta(days=added), **fields)
    (found,) = audiences(pairs, None, [subscriber], NOW, since=since, windows=windows)
    return found.audience.value, found.reason


@pytest.mark.parametrize(
    ("ago", "said"),
    [
        (0, ("active", "seen today")),
        (0.9, ("active", "seen today")),
        (1, ("active", "seen 1 day ago")),
        (2, ("active", "seen 2 days ago")),
        (90, ("active", "seen 90 days ago")),
        (90.01, ("fading", "seen 90 days ago")),
        (180, ("fading", "seen 180 days ago")),
        (180.01, ("inactive", "last seen 180 days ago")),
    ],
)
def test_when_somebody_was_last_seen(ago, said):
    assert stands(act(ago)) == said
    assert stands(act(ago), act(500)) == stands(act(500), act(ago)) == said
    assert stands(act(ago), act(-1)) == said, "what is later than now is not known yet"


@pytest.mark.parametrize(
    ("added", "said"),
    [
        (60, ("new", "added 60 days ago")),
        (60.01, ("inactive", "added 60 days ago and never seen")),
        (1, ("new", "added 1 day ago")),
        (-1, ("new", "added today")),
    ],
)
def test_who_was_added_lately_is_new(added, said):
    assert stands(added=added) == said


@pytest.mark.parametrize(
    ("pairs", "fields", "said"),
    [
        ([], {"mails": 2}, ("new", "sent 2 mails, too few to tell")),
        ([], {"mails": 3}, ("inactive", "added 900 days ago and never seen")),
        ([], {"since": NOW - timedelta(days=180)}, ("inactive", "added 900 days ago and never seen")),
        (
            [],
            {"since": NOW - timedelta(days=179)},
            ("unmeasurable", "recording began 179 days ago, and silence means something after 180 days only"),
        ),
        (
            [],
            {"since": None},
            ("unmeasurable", "nothing was recorded yet, and silence means something after 180 days only"),
        ),
        ([], {"level": Level.AGGREGATE}, ("unmeasurable", "consents to AGGREGATE only")),
        (
            [act(3, verdict=APPLE)],
            {},
            ("unmeasurable", "opens came through a privacy proxy, which fetches whether or not anyone reads"),
        ),
        ([act(3, Kind.CLICK, verdict=APPLE)], {}, ("inactive", "added 900 days ago and never seen")),
        (
            [act(300, Kind.CLICK)],
            {},
            ("unmeasurable", "clicked, but was never seen opening: images seem to be blocked"),
        ),
        ([act(300, Kind.CLICK), act(300)], {}, ("inactive", "last seen 300 days ago")),
        ([act(300, client="Outlook")], {}, ("unmeasurable", "reads in a mail client that blocks images")),
        ([act(3, recipient="u2")], {}, ("inactive", "added 900 days ago and never seen")),
        ([act(3, Kind.UNSUBSCRIBE)], {}, ("inactive", "added 900 days ago and never seen")),
    ],
)
def test_why_silence_means_something_or_nothing(pairs, fields, said):
    assert stands(*pairs, **fields) == said


def test_the_windows_are_the_hosts():
    day = timedelta(days=1)
    short = SegmentWindows(active=day / 2, fading=day / 2, new=day, mails=9)
    assert stands(act(0.5), windows=short) == ("active", "seen today")
    assert stands(act(0.6), windows=short) == ("inactive", "last seen today")
    assert stands(mails=8, windows=short)[0] == "new"
    for wrong in (SegmentWindows(active=timedelta(0)), SegmentWindows(active=2 * day, fading=day)):
        with pytest.raises(ConfigError, match="windows must have 0 < active <= fading"):
            stands(windows=wrong)


def test_members_come_in_the_lists_order_with_the_day_they_were_seen():
    listed = [Subscriber(recipient=name, added_at=LONG_AGO) for name in ("u2", "u1")]
    found = audiences([act(1), act(0, recipient="u3")], None, listed, NOW, since=LONG_AGO)
    assert [(one.recipient, one.audience, one.last) for one in found] == [
        ("u2", Segment.INACTIVE, None),
        ("u1", Segment.ACTIVE, date(2026, 5, 31)),
    ]


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda naive: Subscriber(recipient="u", added_at=naive), "added_at must"),
        (lambda naive: audiences([], None, [], naive), "now must"),
        (lambda naive: audiences([], None, [], NOW, since=naive), "since must"),
    ],
)
def test_a_moment_without_a_zone_is_named(make, said):
    with pytest.raises(ConfigError, match=said):
        make(datetime(2026, 6, 1))


@pytest.mark.parametrize(
    ("pairs", "fields", "said"),
    [
        pytest.param(
            [act(500, client="Outlook"), act(400, client="Gmail")],
            {},
            "reads in a mail client that blocks images",
            id="a client that blocks images, and another",
        ),
        pytest.param(
            [act(500, verdict=APPLE), act(400, Kind.CLICK, verdict=APPLE)],
            {},
            "opens came through a privacy proxy, which fetches whether or not anyone reads",
            id="an open of a proxy, and a click of nobody knows whom",
        ),
        pytest.param(
            [act(500, level=Level.DATE), act(400)],
            {"level": Level.DATE},
            "last seen 400 days ago",
            id="a day, and more",
        ),
        pytest.param([act(500), act(400, Kind.CLICK)], {}, "last seen 400 days ago", id="an open, and a click"),
    ],
)
def test_what_was_once_seen_of_somebody_holds_whatever_came_after_or_before(pairs, fields, said):
    assert stands(*pairs, **fields)[1] == stands(*pairs[::-1], **fields)[1] == said


def test_who_was_never_seen_comes_before_all_who_fell_silent():
    listed = [Subscriber(recipient=name, added_at=LONG_AGO) for name in ("b", "u1", "a")]
    found = sunset(audiences([act(500)], None, listed, NOW, since=LONG_AGO))
    assert [member.recipient for member in found] == ["a", "b", "u1"]
