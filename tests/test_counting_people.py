"""Leads, audiences, read reports and hours: what is said of single people, and what never is."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from math import log, sqrt
from statistics import NormalDist

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbeacon.counting import (
    HotWatch,
    LinkKey,
    ReadState,
    Segment,
    SegmentWindows,
    Subscriber,
    Weights,
    audiences,
    compare_campaigns,
    hot,
    read_report,
    reading_hours,
    score,
    sunset,
    tally,
)
from mailbeacon.counting.read_reports import OTHERS
from mailbeacon.errors import ConfigError
from mailbeacon.model import Actor, Facts, Kind, Level, Link, Verdict
from tests.linear import grows_too_fast
from tests.making import event

NOW = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
PERSON, APPLE, SCANNER = (Verdict(actor=actor) for actor in (Actor.HUMAN, Actor.PRIVACY_PROXY, Actor.SCANNER))
PRICING = Link(number=2, url="https://example.com/2", label="Pricing")


def act(recipient="u1", kind=Kind.OPEN, *, ago=0.0, client="Gmail", region="", **fields):
    """Return what somebody did so many days ago in a mail to them alone."""
    where = Facts(client=client, country="DE" if region else "", region=region)
    whole = {"received_at": NOW - timedelta(days=ago), "message_id": fields.pop("mail", f"m-{recipient}")}
    return event(recipient=recipient, kind=kind, facts=where, **whole, **fields)


def click(recipient="u1", link=2, **fields):
    return act(recipient, Kind.CLICK, link=link, url=f"https://example.com/{link}", **fields)


def people(*events):
    return events, [PERSON] * len(events)


# Leads


def test_interest_is_views_on_different_days_and_clicks():
    leads = score(*people(act(), act(), act(ago=1), click(), act("u2")), NOW)
    assert [lead.recipient for lead in leads] == ["u1", "u2"]
    assert leads[0].score == Weights().most_of_a_message == 4.5
    (lead, _) = score(*people(act(), act(), act(ago=1), click(mail="m9"), act("u2")), NOW)
    assert lead.score == pytest.approx(1 + 0.5 ** (1 / 14) + 3)
    assert leads[0].reasons([PRICING]) == "opened on 2 days, clicked Pricing"
    assert leads[1].reasons() == "opened on 1 day"
    assert leads[0].last == NOW.date()


def test_interest_fades_by_half_in_a_half_life():
    (lead,) = score(*people(click(ago=10)), NOW, half_life=timedelta(days=10))
    assert lead.score == pytest.approx(1.5)
    (lead,) = score(*people(click()), NOW, weights=Weights(click=8))
    assert lead.score == 8


@pytest.mark.parametrize("verdict", [APPLE, SCANNER, None], ids=["Apple's proxy", "a scanner", "no verdict"])
def test_what_no_person_surely_did_is_no_interest(verdict):
    assert score([act(), click()], [verdict] * 2, NOW) == []


def test_a_lead_shows_day_and_region_at_the_finest():
    (lead,) = score(*people(act(region="Hesse")), NOW)
    assert (lead.opened, lead.region) == ((date(2026, 6, 1),), "DE, Hesse")
    assert "12:" not in repr(lead)


@given(st.permutations([act(ago=0.1), act(ago=3), click(ago=2), click(link=3), act("u2", ago=5)]))
def test_the_order_of_events_does_not_matter(events):
    assert score(*people(*events), NOW) == score(*people(*sorted(events, key=repr)), NOW)


def test_hot_leads_come_with_reasons_and_below_full_consent_nobody_is_one():
    events = [act(), click(), click("u2"), act("u2", ago=2), act("u2"), click("u3", level=Level.DATE, link=1)]
    found = hot(score(zip(events, [PERSON] * 6, strict=True), now=NOW), at_least=4, links=[PRICING])
    assert [(one.lead.recipient, one.why) for one in found] == [(lead.recipient, why) for lead, why in found]
    assert [(lead.recipient, why) for lead, why in found] == [
        ("u2", "opened on 2 days, clicked Pricing"),
        ("u1", "opened on 1 day, clicked Pricing"),
    ]
    assert len(hot(score(*people(*events), NOW), at_least=1, most=1)) == 1


def test_the_watch_calls_once_when_someone_becomes_hot_and_again_after_cooling():
    told = []
    watch = HotWatch(told.append, at_least=4)
    watch(act(ago=200), PERSON)
    assert not told
    watch(click(ago=200), PERSON)
    watch(click(link=3, ago=200), PERSON)
    watch(act(ago=199), SCANNER)
    assert [lead.recipient for lead in told] == ["u1"]
    watch(act(ago=100), PERSON)
    watch(click(ago=100), PERSON)
    assert len(told) == 2


def test_a_link_is_known_by_campaign_number_and_destination():
    events = [
        click(campaign="autumn", link=2),
        click("u2", mail="m9", campaign="winter").changed(url="https://x.example/"),
    ]
    leads = score(*people(*events), NOW)
    assert [lead.clicked for lead in leads] == [
        (LinkKey("autumn", 2, "https://example.com/2"),),
        (LinkKey("winter", 2, "https://x.example/"),),
    ]
    link = Link(number=2, url="https://example.com/2?utm_source=x", label="Book a demo")
    reasons = [[lead.reasons(links) for lead in leads] for links in ([link], {"autumn": [link]}, {"winter": [link]})]
    assert reasons[0] == reasons[1] == ["clicked Book a demo", "clicked https://x.example/"]
    assert reasons[2] == ["clicked https://example.com/2", "clicked https://x.example/"]
    assert [lead.recipient for lead in score(*people(*events), NOW, campaign="winter")] == ["u2"]


def test_one_message_fetched_every_day_makes_nobody_hot():
    """Whoever holds a copy of one mail can fetch it as often as they like."""
    events = [one for day in range(14) for one in (act(ago=day), click(ago=day), click(link=3, ago=day))]
    assert hot(score(*people(*events), NOW)) == []
    told = []
    watch = HotWatch(told.append)
    for one in events[::-1]:
        watch(one, PERSON)
    assert told == []


@pytest.mark.parametrize("name", ["open", "click", "message"])
@pytest.mark.parametrize("value", [float("nan"), float("inf"), -1, "3", True])
def test_a_weight_is_a_number_from_0(name, value):
    with pytest.raises(ConfigError, match=f"the weight {name} must be"):
        Weights(**{name: value})


def test_the_watch_is_linear_in_the_signs_of_one_recipient():
    events = [click(link=n, ago=n / 1e6, mail=f"m{n}") for n in range(32_000)]

    def watch_each(text):
        watch = HotWatch(lambda lead: None, at_least=1e9)
        for one in events[: len(text)]:
            watch(one, PERSON)

    assert not grows_too_fast(watch_each, lambda size: "x" * size, size=2_000, most=60)


def test_the_watch_remembers_only_so_many():
    told = []
    watch = HotWatch(told.append, at_least=4, keep=1)
    watch(act("u1"), PERSON)
    watch(act("u2"), PERSON)
    watch(click("u1"), PERSON)
    assert told == []


# Audiences

LONG_AGO = NOW - timedelta(days=900)


def member(*pairs, added_at=LONG_AGO, **fields):
    found = audiences(
        [one for one, _ in pairs],
        [verdict for _, verdict in pairs],
        [Subscriber(recipient="u1", added_at=added_at, **fields)],
        NOW,
        since=LONG_AGO,
    )
    return found[0]


@pytest.mark.parametrize(
    ("pairs", "fields", "audience", "reason"),
    [
        pytest.param([(act(ago=5), PERSON)], {}, "active", "seen 5 days ago", id="seen lately"),
        pytest.param([(act(ago=120), PERSON)], {}, "fading", "seen 120 days ago", id="seen some time ago"),
        pytest.param([(act(ago=300), PERSON)], {}, "inactive", "last seen 300 days ago", id="seen long ago"),
        pytest.param([], {}, "inactive", "never seen", id="never seen"),
        pytest.param([(act(ago=5), SCANNER)], {}, "inactive", "never seen", id="only machines"),
        pytest.param([(act(ago=5), APPLE)], {}, "unmeasurable", "privacy proxy", id="only Apple's proxy"),
        pytest.param([], {"level": Level.AGGREGATE}, "unmeasurable", "AGGREGATE", id="no consent"),
        pytest.param([], {"level": Level.DATE}, "unmeasurable", "DATE", id="a date is allowed but none is known"),
        pytest.param(
            [(act(ago=300, level=Level.DATE), PERSON)], {"level": Level.DATE}, "inactive", "300", id="an old date"
        ),
        pytest.param([(click(ago=300), PERSON)], {}, "unmeasurable", "images", id="clicked but never seen opening"),
        pytest.param(
            [(act(ago=300, client="Outlook"), PERSON)], {}, "unmeasurable", "blocks images", id="a blocking client"
        ),
        pytest.param([], {"added_at": NOW - timedelta(days=3)}, "new", "added 3 days ago", id="just added"),
        pytest.param([], {"mails": 1}, "new", "too few", id="hardly mailed"),
    ],
)
def test_where_a_recipient_stands_and_why(pairs, fields, audience, reason):
    """Case 31: nobody just added or unmeasurable is called inactive."""
    found = member(*pairs, **fields)
    assert found.audience == audience
    assert reason in found.reason


@given(
    st.lists(st.tuples(st.floats(0, 900), st.sampled_from([PERSON, APPLE, SCANNER])), max_size=5),
    st.integers(0, 900),
    st.sampled_from(list(Level)),
)
def test_nobody_new_or_unmeasurable_is_ever_called_inactive(signs, added, level):
    """Case 31 as a law."""
    pairs = [(act(ago=ago), verdict) for ago, verdict in signs]
    found = member(*pairs, added_at=NOW - timedelta(days=added), level=level)
    if added <= 60 or level < Level.FULL or any(verdict is APPLE for _, verdict in signs):
        assert found.audience != Segment.INACTIVE


def test_nobody_is_inactive_before_a_whole_window_was_recorded():
    """Silence means something only where somebody would have been heard."""
    old = Subscriber(recipient="u1", added_at=NOW - timedelta(days=821))
    for events, since in (([], None), ([act("u2", ago=7)], None), ([], NOW - timedelta(days=179))):
        (found,) = audiences(*people(*events), [old], NOW, since=since)
        assert found.audience == Segment.UNMEASURABLE
        assert ("recording began" if events or since else "nothing was recorded yet") in found.reason
    (found,) = audiences(*people(act("u2", ago=180)), [old], NOW)
    assert found.audience == Segment.INACTIVE
    with pytest.raises(ConfigError, match="since"):
        audiences([], [], [], NOW, since=datetime(2026, 1, 1))


def test_the_sunset_list_has_the_longest_silent_first_and_reasons():
    listed = [Subscriber(recipient=name, added_at=LONG_AGO) for name in ("u1", "u2", "u3")]
    found = sunset(audiences(*people(act("u1", ago=300), act("u2", ago=400), act("u3")), listed, NOW))
    assert [(one.recipient, one.reason) for one in found] == [
        ("u2", "last seen 400 days ago"),
        ("u1", "last seen 300 days ago"),
    ]


# Read reports

STAFF = (
    {f"s{n}": "sales" for n in range(6)} | {f"l{n}": "law" for n in range(2)} | {f"h{n}": "health" for n in range(9)}
)


def test_each_group_is_read_clicked_unknown_and_not_seen():
    events = [act("s0"), click("s0"), act("s1"), act("s2"), act("s3")]
    report = read_report(
        events, [PERSON, PERSON, PERSON, APPLE, SCANNER], STAFF | {"l2": "law", "l3": "law", "l4": "law"}, minimum=1
    )
    row = next(row for row in report.rows if row.group == "sales")
    assert (row.recipients, row.read, row.clicked, row.unknown, row.not_seen) == (6, 2, 1, 1, 3)


def test_small_groups_are_merged_so_that_nobody_is_found_by_subtraction():
    report = read_report([], [], STAFF)
    assert [(row.group, row.recipients) for row in report.rows] == [("health", 9), (OTHERS, 8)]
    hidden = read_report([], [], {"l0": "law", "l1": "law"})
    assert (hidden.rows, hidden.hidden) == ((), 2)


@pytest.mark.parametrize(
    ("sizes", "rows", "hidden"),
    [
        pytest.param({"a": 5, "b": 2, "c": 3}, [("a", 5), (OTHERS, 5)], 0, id="small ones that are enough together"),
        pytest.param({"a": 9, "b": 5, "c": 4}, [("a", 9), (OTHERS, 9)], 0, id="the smallest large one joins"),
        pytest.param({"a": 5, "b": 5, "c": 4}, [("b", 5), (OTHERS, 9)], 0, id="of two as large the first by name"),
        pytest.param({"a": 5}, [("a", 5)], 0, id="just the minimum"),
        pytest.param({"a": 4}, [], 4, id="too few in all"),
    ],
)
def test_a_row_is_of_the_minimum_or_more(sizes, rows, hidden):
    report = read_report([], [], {f"{name}{n}": name for name, size in sizes.items() for n in range(size)})
    assert [(row.group, row.recipients) for row in report.rows] == rows
    assert (report.hidden, report.minimum) == (hidden, 5)


@given(st.dictionaries(st.integers(0, 60).map(str), st.sampled_from("abcdef")), st.integers(1, 9))
def test_no_row_is_smaller_than_the_minimum_and_everybody_is_somewhere(groups, minimum):
    report = read_report([], [], groups, minimum=minimum)
    assert all(row.recipients >= minimum for row in report.rows)
    assert sum(row.recipients for row in report.rows) + report.hidden == len(groups)
    assert not report.hidden or not report.rows


states = st.sampled_from([(), (PERSON,), (APPLE,), (SCANNER,)])


@given(st.lists(st.tuples(st.sampled_from("abc"), states), max_size=60), st.integers(2, 9))
def test_law_no_number_of_a_row_tells_of_fewer_than_the_minimum_even_by_subtraction(crowd, minimum):
    groups = {f"{n}": group for n, (group, _) in enumerate(crowd)}
    pairs = [(act(f"{n}"), verdict) for n, (_, found) in enumerate(crowd) for verdict in found]
    report = read_report([one for one, _ in pairs], [verdict for _, verdict in pairs], groups, minimum=minimum)
    for row in report.rows:
        parts = [row.read, row.unknown, row.not_seen]
        assert [part % minimum for part in [*parts, row.clicked]] == [0] * 4
        for part in parts:
            others = sum(parts) - part + 2 * (minimum - 1)
            assert part or row.recipients - others <= 0
    assert sum(row.recipients for row in report.rows) + report.hidden == len(groups)


def test_a_few_of_a_group_are_told_as_none_until_they_are_enough_and_names_hide_nothing():
    staff = {f"s{n}": "sales" for n in range(12)}
    rows = [read_report(*people(*(act(f"s{n}") for n in range(read))), staff).rows[0].read for read in (0, 4, 5, 9, 12)]
    assert rows == [0, 0, 5, 5, 10]
    named = read_report(*people(act("s0")), staff, names=True)
    assert (named.rows[0].read, named.rows[0].not_seen) == (1, 11)
    assert read_report(*people(act("s0")), staff, minimum=1).rows == named.rows


def test_a_group_whose_size_would_tell_what_was_rounded_away_is_in_no_row_of_its_own():
    """Twelve people, of whom none, none and none are told, are four, four and four."""
    staff = {f"s{n}": "sales" for n in range(12)} | {f"l{n}": "law" for n in range(20)}
    report = read_report([act(f"s{n}") for n in range(8)], [PERSON] * 4 + [APPLE] * 4, staff)
    assert [(row.group, row.recipients, row.not_seen) for row in report.rows] == [("law", 20, 20)]
    assert report.hidden == 12
    more = read_report([act("s0")], [PERSON], staff | {f"h{n}": "health" for n in range(4)})
    assert [(row.group, row.recipients, row.read, row.not_seen) for row in more.rows] == [
        ("law", 20, 0, 20),
        (OTHERS, 16, 0, 15),
    ]


def test_names_are_given_only_when_asked_and_with_the_day_at_the_finest():
    events = people(act("s0", ago=2), act("s0", region="Hesse", ago=3), act("s1", campaign="other"))
    assert read_report(*events, STAFF).readers == ()
    report = read_report(*events, STAFF, names=True, campaign="spring")
    found = {reader.recipient: reader for reader in report.readers}
    assert (found["s0"].state, found["s0"].day, found["s0"].region) == (ReadState.READ, date(2026, 5, 29), "DE, Hesse")
    assert found["s1"].state == ReadState.NOT_SEEN
    backwards = read_report(*(column[::-1] for column in events), STAFF, names=True, campaign="spring")
    assert backwards.readers == report.readers
    assert report.to_csv().startswith("recipient,group,state,day,region\r\n")
    assert 's0,sales,read,2026-05-29,"DE, Hesse"' in report.to_csv()


def test_a_group_named_like_a_formula_is_text_in_the_csv():
    table = read_report([], [], {str(n): "=1+1" for n in range(5)}).to_csv()
    assert table == "group,recipients,read,clicked,unknown,not seen\r\n'=1+1,5,0,0,0,5\r\n"


# Hours


def test_hours_and_weekdays_are_the_recipients_own():
    events = people(act("u1"), act("u2"))
    found = reading_hours(*events, zones={"u1": "America/New_York", "u2": "Pacific/Auckland"})
    assert found.cells[0][8] == 1
    assert found.cells[1][0] == 1


def reads(number, sendings, hour_of):
    """Return opens: mail number n, sent in one of some hours, and read in the hour that is given for it."""
    found = []
    for n in range(number):
        sent = datetime(2026, 3, 2, sendings[n % len(sendings)], tzinfo=UTC) + timedelta(days=n % 20)
        found.append(act(f"u{n}", sent_at=sent).changed(received_at=sent + timedelta(hours=hour_of(n, sent.hour))))
    return people(*found)


def test_only_people_count():
    """Reading hours hold what people did, and no proxy's fetch."""
    found = reading_hours([act("u1", sent_at=NOW - timedelta(hours=1)), act("u3")], [PERSON, APPLE])
    assert sum(found.by_hour) == 1


def test_one_message_id_of_two_recipients_is_two_mails():
    assert sum(reading_hours(*people(act("u1", mail="all"), act("u2", mail="all"))).by_hour) == 2


def test_an_hour_that_stands_out_is_suggested_whatever_the_hour_of_sending():
    """A third waits until eight in the evening; the others read within hours of sending."""
    found = reading_hours(*reads(600, (8, 12, 17), lambda n, sent: 20 - sent if n % 4 == 0 else n * 7 % 40))
    assert found.suggestion.hour == 20
    assert 1 < found.suggestion.interval.low < found.suggestion.times < found.suggestion.interval.high
    assert len(found.by_likelihood) == 24


@pytest.mark.parametrize(
    ("number", "sendings", "reason"),
    [
        pytest.param(99, (8, 12, 16), "only 99", id="too few"),
        pytest.param(600, (8, 12), "went out in fewer than 3 hours", id="two hours of sending tell nothing"),
        pytest.param(600, (9,), "went out in fewer than 3 hours", id="the hour of sending is not the hour of reading"),
        pytest.param(600, tuple(range(24)), "no hour stands out", id="all hours alike"),
    ],
)
def test_no_hour_is_suggested_without_grounds(number, sendings, reason):
    found = reading_hours(*reads(number, sendings, lambda n, _: (n // 24) % 5))
    assert found.suggestion is None
    assert reason in found.reason


def test_the_interval_is_widened_for_having_looked_at_24_hours():
    """Bonferroni: an error of one in twenty for all 24 together."""
    found = reading_hours(*reads(600, (8, 12, 17), lambda n, sent: 20 - sent if n % 4 == 0 else n * 7 % 40))
    bounds, number = found.suggestion.interval, found.by_hour[found.suggestion.hour]
    z = NormalDist().inv_cdf(1 - 0.05 / 24 / 2)
    assert log(bounds.high / bounds.low) / 2 == pytest.approx(z / sqrt(number))


@pytest.mark.parametrize(
    ("make", "what"),
    [
        pytest.param(lambda: score([], [], datetime(2026, 1, 1)), "time zone", id="a naive moment"),
        pytest.param(lambda: score([], [], NOW, half_life=timedelta(0)), "half_life", id="no half-life"),
        pytest.param(lambda: score([act()], [], NOW), "one verdict", id="too few verdicts"),
        pytest.param(
            lambda: Subscriber(recipient="u", added_at=datetime(2026, 1, 1)), "time zone", id="naive added_at"
        ),
        pytest.param(
            lambda: audiences([], [], [], NOW, windows=SegmentWindows(active=timedelta(days=200))),
            "active",
            id="windows crossed",
        ),
        pytest.param(lambda: read_report([], [], {}, minimum=0), "minimum", id="no minimum"),
        pytest.param(lambda: reading_hours(*people(act()), default="Mars/Base"), "time zone", id="no such zone"),
    ],
)
def test_what_cannot_work_is_a_clear_error(make, what):
    with pytest.raises(ConfigError, match=what):
        make()


@pytest.mark.parametrize("at_least", [float("nan"), float("inf")])
def test_a_border_that_no_score_can_reach_is_refused(at_least):
    with pytest.raises(ConfigError, match="at_least"):
        hot([], at_least=at_least)
    with pytest.raises(ConfigError, match="at_least"):
        HotWatch(print, at_least=at_least)


@pytest.mark.parametrize("number", [0, -1, 1.5, "5", True])
def test_how_many_are_asked_for_is_a_whole_number_from_one(number):
    for ask in (
        lambda: hot([], most=number),
        lambda: HotWatch(print, keep=number),
        lambda: read_report([], [], {}, minimum=number),
        lambda: compare_campaigns(tally([], []), last=number),
        lambda: reading_hours([], [], least=number),
    ):
        with pytest.raises(ConfigError, match=r"must be a whole number from 1, got"):
            ask()


@pytest.mark.parametrize("confidence", [0, 1, float("nan")])
def test_a_confidence_is_refused_however_few_messages_there_are(confidence):
    with pytest.raises(ConfigError, match="confidence must lie between 0 and 1"):
        reading_hours([], [], confidence=confidence)
