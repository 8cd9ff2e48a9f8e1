"""Every number of docs/reference/metrics.md, counted anew in SQL over the same events: made up at random, of every kind."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from math import isclose, sqrt
from random import Random
from zoneinfo import ZoneInfo

import pytest

from mailbeacon.counting import (
    Dimension,
    LinkKey,
    Segment,
    Subscriber,
    Weights,
    audiences,
    compare,
    compare_campaigns,
    rates,
    read_report,
    readership,
    reading_hours,
    score,
    tally,
)
from mailbeacon.model import Actor, Channel, Event, Facts, Kind, Level, Signal, Verdict
from mailbeacon.reporting import Report, to_json

BEGUN = datetime(2026, 1, 5, 9, tzinfo=UTC)
NOW = BEGUN + timedelta(days=260)
ZONE = ZoneInfo("Asia/Kolkata")
RECIPIENTS = 160
CAMPAIGNS = {"winter": 0, "spring": 120, "summer": 240}
"""When each was sent, in days from the beginning."""
COLUMNS = """
    kind, mail, recipient, provider, campaign, variant, link INTEGER, url, channel, actor, side, rank INTEGER, signal, version,
    client, system, device, country, region, city, received REAL, sent REAL, minute INTEGER, day, local_hour, local_day,
    weekday INTEGER, hour INTEGER, level INTEGER, expired INTEGER, unrecorded INTEGER, source
"""
VIEWS = """
    CREATE VIEW h AS SELECT * FROM e WHERE kind IN ('open', 'click') AND (NOT expired OR sent - received > 300);
    CREATE VIEW m AS SELECT * FROM h WHERE recipient IS NOT NULL AND level = 3;
    CREATE VIEW v AS SELECT *, coalesce(minute - lag(minute) OVER (PARTITION BY mail, kind, actor, link, url, channel, client,
        system, device, country, region, city ORDER BY minute) > 5, 1) AS begins FROM m;
    CREATE VIEW became AS SELECT mail, campaign, variant, CASE
        WHEN bounced >= coalesce(delivered, -1) THEN 'bounced' WHEN delivered IS NOT NULL THEN 'delivered'
        WHEN rejected THEN 'rejected' WHEN deferred THEN 'deferred' WHEN sent THEN 'delivered' END AS outcome,
        mail IN (SELECT mail FROM m WHERE side = 'people') AS seen
        FROM (SELECT mail, campaign, variant, max(CASE kind WHEN 'bounced' THEN minute END) AS bounced,
            max(CASE kind WHEN 'delivered' THEN minute END) AS delivered, max(kind = 'rejected') AS rejected,
            max(kind = 'deferred') AS deferred, max(kind = 'sent') AS sent FROM e GROUP BY mail, campaign, variant);
    CREATE VIEW arrived AS SELECT * FROM became WHERE outcome = 'delivered' OR (outcome IS NOT NULL AND seen);
"""
SIDES = {True: ("people", 0), None: ("unknown", 1), False: ("machines", 2)}
DIMENSIONS = {
    Dimension.CAMPAIGN: "campaign",
    Dimension.VARIANT: "variant",
    Dimension.CLIENT: "client",
    Dimension.SYSTEM: "system",
    Dimension.DEVICE: "device",
    Dimension.COUNTRY: "country",
    Dimension.REGION: "CASE region WHEN '' THEN '' ELSE country || ', ' || region END",
    Dimension.CITY: "CASE city WHEN '' THEN '' ELSE country || ', ' || region || ', ' || city END",
    Dimension.CHANNEL: "channel",
    Dimension.LINK: "campaign || ' ' || coalesce(link, 0) || ' ' || url",
    Dimension.HOUR: "local_hour",
    Dimension.DAY: "local_day",
    "provider": "provider",
}


def provider(recipient: str) -> str:
    return ("Gmail", "Outlook", "")[int(recipient[2:]) % 3]


def _mail(random: Random, number: int, campaign: str) -> dict[str, object]:
    return {
        "recipient": f"u-{number}",
        "campaign": campaign,
        "message_id": f"{campaign}{number}",
        "variant": "ab"[number % 2],
        "sent_at": BEGUN + timedelta(days=CAMPAIGNS[campaign]),
    }


def _reported(random: Random, mail: dict[str, object]) -> list[tuple[Kind, float]]:
    """Return what the provider and the pages for leaving tell of a mail."""
    told = [(Kind.SENT, 0.0)] if random.random() < 0.95 else []
    for kind, share in [(Kind.DEFERRED, 0.1), (Kind.DELIVERED, 0.85), (Kind.BOUNCED, 0.1), (Kind.REJECTED, 0.04)]:
        told += [(kind, random.choice([1.0, 2.0, 5.0]))] if told and random.random() < share else []
    left = [Kind.COMPLAINED, Kind.UNSUBSCRIBE, Kind.WITHDRAW, Kind.SUBSCRIBED]
    return told + [(kind, 60.0) for kind in left if random.random() < 0.03]


def _hit(random: Random, mail: dict[str, object]) -> dict[str, object]:
    kind = random.choice([Kind.OPEN, Kind.OPEN, Kind.CLICK])
    link = random.randrange(1, 5) if kind is Kind.CLICK else None
    level = random.choices([Level.FULL, Level.DATE, Level.AGGREGATE], [20, 1, 1])[0]
    country = random.choice(["", "DE", "IN"])
    place = {"country": country, "region": country and "R", "city": random.choice(["", "C"]) if country else ""}
    client = {"client": random.choice(["", "Gmail", "Safari"]), "system": random.choice(["", "iOS"]), "device": "phone"}
    clock = random.random() < 0.02
    return {
        **mail,
        "kind": kind,
        "link": link,
        "url": "" if link is None else f"https://example.com/{link % 3}",  # two of a mail lead to one page
        "channel": random.choice([Channel.HTML, Channel.TEXT]) if link else Channel.HTML,
        "recipient": None if level is Level.AGGREGATE or random.random() < 0.01 else mail["recipient"],
        "level": level,
        "expired": random.random() < (0.5 if clock else 0.02),
        "unrecorded": 7 * (random.random() < 0.01),
        "sent_at": mail["sent_at"] + timedelta(days=3)
        if clock
        else None
        if random.random() < 0.02
        else mail["sent_at"],
        "facts": Facts(**place, **client),
    }


def _verdict(random: Random) -> Verdict | None:
    if random.random() < 0.02:
        return None
    signals = (Signal(name=random.choice(["lag", "agent"]), weight=1.0),) if random.random() < 0.8 else ()
    return Verdict(
        actor=random.choice([Actor.HUMAN, Actor.HUMAN, *Actor]), signals=signals, version=random.choice("12")
    )


@pytest.fixture(scope="module")
def pairs() -> list[tuple[Event, Verdict | None]]:
    random, found = Random(16), []
    for campaign in CAMPAIGNS:
        for number in range(RECIPIENTS):
            mail = _mail(random, number, campaign)
            sent_at = mail["sent_at"]
            for kind, minutes in _reported(random, mail):
                values = {"kind": kind, "received_at": sent_at + timedelta(minutes=minutes), "source": "ses", **mail}
                found.append((Event(id=f"{campaign}{number}{kind}", **values), None))
            begun = random.expovariate(1 / 600)
            for turn in range(random.choice([0, 0, 1, 1, 1, 2, 3, 8])):
                begun += random.choice([0.0, 0.4, 3.0, 5.0, 6.5, 90.0])
                moment = sent_at + timedelta(minutes=begun)
                event = Event(id=f"{campaign}{number}-{turn}", received_at=moment, **_hit(random, mail))
                found.append((event, _verdict(random)))
    random.shuffle(found)
    return found


def _row(event: Event, verdict: Verdict | None) -> tuple[object, ...]:
    actor = Actor.UNKNOWN if verdict is None else verdict.actor
    side, rank = SIDES[actor.is_human]
    facts, is_shared = event.facts, event.recipient is None or event.level < Level.FULL
    moment = event.received_at.replace(minute=0) if is_shared else event.received_at  # of these the hour is kept
    there = moment.astimezone(ZONE)
    signal = None if verdict is None else verdict.signals[0].name if verdict.signals else ""
    return (
        event.kind, repr(event.mail), event.recipient, provider(event.recipient) if event.recipient else "", event.campaign,
        event.variant, event.link, event.url, event.channel, actor, side, rank, signal, verdict and verdict.version,
        facts.client, facts.system, facts.device, facts.country, facts.region, facts.city, event.received_at.timestamp(),
        None if event.sent_at is None else event.sent_at.timestamp(), int(event.received_at.timestamp() // 60),
        event.received_at.date().isoformat(), f"{there:%Y-%m-%d %H}", f"{there:%Y-%m-%d}", event.received_at.weekday(),
        event.received_at.hour, int(event.level), event.expired, event.unrecorded, event.source,
    )  # fmt: skip


@pytest.fixture(scope="module")
def sql(pairs):
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute(f"CREATE TABLE e ({COLUMNS})")
        connection.create_function("half", 1, lambda days: 0.5 ** (days / 14))
        rows = [_row(*pair) for pair in pairs]
        connection.executemany(f"INSERT INTO e VALUES ({', '.join('?' * len(rows[0]))})", rows)
        connection.executescript(VIEWS)
        yield lambda query, *values: connection.execute(query, values).fetchall()


@pytest.fixture(scope="module")
def whole(pairs):
    return tally(pairs, groups={"provider": provider})


@pytest.fixture(scope="module")
def report(whole):
    return json.loads(to_json(Report(tally=whole, title="All", zone=ZONE.key)))


def one(sql, query: str, *values: object):
    ((found,),) = sql(query, *values)
    return found


def split(rows) -> dict[str, dict[str, int]]:
    """Return numbers by value and side, without noughts."""
    found: dict[str, dict[str, int]] = {}
    for value, side, number in rows:
        if number:
            found.setdefault(value, {})[side] = number
    return found


def of_tally(counts, unit: str) -> dict[str, dict[str, int]]:
    found = {}
    for value, count in counts.items():
        name = " ".join(map(str, value)) if isinstance(value, LinkKey) else value
        name = f"{name:%Y-%m-%d %H}" if isinstance(name, datetime) else f"{name}"
        numbers = {side: getattr(getattr(count, unit), side) for side, _ in SIDES.values()}
        found[name] = {side: number for side, number in numbers.items() if number}
    return {name: numbers for name, numbers in found.items() if numbers}


# Counts by every dimension


@pytest.mark.parametrize("kept_as", ["open", "closed"])
@pytest.mark.parametrize("kind", [Kind.OPEN, Kind.CLICK])
@pytest.mark.parametrize("dimension", DIMENSIONS)
def test_hits_views_messages_and_shared_hits(dimension, kind, kept_as, whole, sql):
    name = DIMENSIONS[dimension]
    found = (whole.closed(zone=ZONE) if kept_as == "closed" else whole).by(dimension, kind, zone=ZONE)
    hits = sql(f"SELECT {name}, side, count(*) FROM h WHERE kind = ? GROUP BY 1, 2", kind)
    assert of_tally(found, "hits") == split(hits)
    views = sql(f"SELECT {name}, side, sum(begins) FROM v WHERE kind = ? GROUP BY 1, 2", kind)
    assert of_tally(found, "views") == split(views)
    mails = f"SELECT {name} AS value, mail, min(rank || side) AS best FROM m WHERE kind = ? GROUP BY 1, 2"
    messages = sql(f"SELECT value, substr(best, 2), count(*) FROM ({mails}) GROUP BY 1, 2", kind)
    assert of_tally(found, "messages") == split(messages)
    shared = "SELECT {}, side, count(*) FROM h WHERE kind = ? AND (recipient IS NULL OR level < 3) GROUP BY 1, 2"
    assert of_tally(found, "shared") == split(sql(shared.format(name), kind))


def test_marks_reasons_versions_and_period(whole, sql):
    marks = dict(whole.marks)
    for kind in (Kind.OPEN, Kind.CLICK):
        future = "sent - received > 300"
        counted = f"kind = '{kind}' AND (NOT expired OR {future})"
        for mark, query in {
            "expired": f"SELECT count(*) FROM e WHERE kind = '{kind}' AND expired AND ({future}) IS NOT TRUE",
            "clock": f"SELECT count(*) FROM e WHERE kind = '{kind}' AND {future}",
            "beyond": f"SELECT sum(unrecorded) FROM e WHERE {counted}",
            "nameless": f"SELECT count(*) FROM e WHERE {counted} AND level = 3 AND recipient IS NULL",
            "undated": f"SELECT count(*) FROM e WHERE {counted} AND level = 3 AND recipient IS NOT NULL AND sent IS NULL",
        }.items():
            assert marks.get((mark, kind), 0) == one(sql, query) > 0
    reasons = {(kind, actor, signal): hits for (kind, actor, signal), hits in whole.reasons.items()}
    rows = sql("SELECT kind, actor, signal, count(*) FROM h WHERE signal IS NOT NULL GROUP BY 1, 2, 3")
    assert {tuple(map(str, key)): hits for key, hits in reasons.items()} == {tuple(row[:3]): row[3] for row in rows}
    assert whole.versions == [
        row[0] for row in sql("SELECT DISTINCT version FROM h WHERE version IS NOT NULL ORDER BY 1")
    ]
    first, last = sql("SELECT min(minute), max(minute) FROM h")[0]
    assert whole.period == tuple(datetime.fromtimestamp(60 * minute, UTC) for minute in (first, last))


# What became of the mails, and rates


def test_what_became_of_the_mails_and_its_rates(whole, report, sql):
    count = dict(sql("SELECT outcome, count(*) FROM became WHERE outcome IS NOT NULL GROUP BY 1"))
    sent, seen = sum(count.values()), one(sql, "SELECT sum(seen) FROM became WHERE outcome <> 'delivered'")
    found = report["outcomes"]
    assert all(count[name] == found[name] for name in ("delivered", "bounced", "deferred", "rejected"))
    assert (found["sent"], found["seen_all_the_same"]) == (sent, seen)
    unlisted = (
        "SELECT count(DISTINCT mail) FROM m WHERE mail NOT IN (SELECT mail FROM became WHERE outcome IS NOT NULL)"
    )
    assert found["unlisted"] == one(sql, unlisted) > 0
    arrived = one(sql, "SELECT count(*) FROM arrived")
    assert whole.deliveries == report["delivered"] == arrived == count["delivered"] + seen
    assert report["bounced"] == count["bounced"] + count["rejected"]
    for name in ("bounced", "deferred", "rejected"):
        assert fraction(report["outcome_rates"][name]) == (count[name], sent)
    for name, kind in (("complained", "complained"), ("unsubscribed", "unsubscribe"), ("withdrawn", "withdraw")):
        mails = one(sql, "SELECT count(DISTINCT mail) FROM e WHERE kind = ?", kind)
        assert found[name] == mails == whole.mails_with(Kind(kind)) > 0
        assert fraction(report["outcome_rates"][name]) == (mails, arrived)
    assert found["subscribed"] == one(sql, "SELECT count(DISTINCT mail) FROM e WHERE kind = 'subscribed'") > 0


def fraction(rate) -> tuple[int, int]:
    """Return numerator and denominator; that its interval is Wilson's is seen from what defines that one."""
    hits, total, z = rate["numerator"], rate["denominator"], 1.959963984540054
    assert isclose(rate["value"], hits / total)
    for bound in (rate["low"], rate["high"]):
        assert isclose(abs(hits / total - bound), z * sqrt(bound * (1 - bound) / total), abs_tol=1e-9) or bound in (
            0,
            1,
        )
    assert rate["low"] <= rate["value"] <= rate["high"]
    return hits, total


def messages(sql, kind: str, most: int, more: str = "1") -> int:
    """Count mails whose best known hit is of one of the first so many audiences."""
    return one(sql, f"SELECT count(*) FROM (SELECT min(rank) AS best FROM m WHERE kind = ? AND {more} GROUP BY mail)"
               " WHERE best < ?", kind, most)  # fmt: skip


BOTH = """SELECT count(*) FROM (SELECT mail FROM m WHERE kind = 'open' AND rank = 0
          INTERSECT SELECT mail FROM m WHERE kind = 'click' AND rank = 0)"""


def test_rates(report, sql):
    arrived = one(sql, "SELECT count(*) FROM arrived")
    for kind in ("open", "click"):
        found = report[f"{kind}_rate"]
        assert fraction(found["people"]) == (messages(sql, kind, 1), arrived)
        assert fraction(found["people_and_unknown"]) == (messages(sql, kind, 2), arrived)
        raw = report["raw"][f"{kind}s"]
        hits = one(sql, "SELECT count(*) FROM h WHERE kind = ?", kind)
        assert (raw["hits"], raw["messages"]) == (hits, messages(sql, kind, 3))
        assert fraction(raw["rate"]) == (messages(sql, kind, 3), arrived)
        machines = one(sql, "SELECT count(*) FROM h WHERE kind = ? AND side = 'machines'", kind)
        assert fraction(raw["machine_hits"]) == (machines, hits)
    assert fraction(report["click_to_open_rate"]) == (one(sql, BOTH), messages(sql, "open", 1))


def test_a_click_may_stand_for_an_open(whole, sql):
    either = "SELECT count(*) FROM (SELECT min(rank) AS best FROM m GROUP BY mail) WHERE best < ?"
    found = rates(whole, clicks_are_opens=True)
    assert [found.opens.low.numerator, found.opens.high.numerator] == [one(sql, either, most) for most in (1, 2)]
    clicked = messages(sql, "click", 1)
    assert (found.click_to_open.numerator, found.click_to_open.denominator) == (clicked, found.opens.low.numerator)


def test_shares_of_links_and_destinations(report, sql):
    rows = sql(
        "SELECT campaign, link, url, count(DISTINCT mail) FROM m WHERE kind = 'click' AND rank = 0 GROUP BY 1, 2, 3"
    )
    clicked = messages(sql, "click", 1)
    found = {(row["campaign"], row["number"], row["url"]): fraction(row["share"]) for row in report["links"]}
    assert found == {tuple(row[:3]): (row[3], clicked) for row in rows}
    for row in report["destinations"]:
        sides = dict(sql("SELECT side, count(*) FROM h WHERE kind = 'click' AND url = ? GROUP BY 1", row["url"]))
        assert {side: row[side] for side, _ in SIDES.values()} == sides
    assert sum(row["links"] for row in report["destinations"]) == len(report["links"])


# Readers, experiments, campaigns


def test_readers_seen_or_not(whole, sql):
    opened, clicked, both = messages(sql, "open", 1), messages(sql, "click", 1), one(sql, BOTH)
    found = readership(whole)
    assert (found.opened, found.clicked, found.both) == (opened, clicked, both)
    point = one(sql, "SELECT (? + 1.0) * (? + 1) / (? + 1) - 1", opened, clicked, both)
    assert isclose(found.estimate, min(point, one(sql, "SELECT count(*) FROM arrived")))


def test_experiments(whole, report, sql):
    shares = {}
    for variant, rate in report["experiment"]["rates"].items():
        arrived = one(sql, "SELECT count(*) FROM arrived WHERE variant = ?", variant)
        kind = report["experiment"]["kind"]
        assert fraction(rate) == (messages(sql, kind, 1, f"variant = '{variant}'"), arrived)
        shares[variant] = rate["value"]
    (contrast,) = report["experiment"]["contrasts"]
    assert isclose(contrast["points"], shares[contrast["better"]] - shares[contrast["other"]])
    assert contrast["points"] >= 0
    assert f"about {round(1000 * contrast['points'])} " in report["experiment"]["waiting"]
    assert compare(whole, kind=Kind.OPEN).rates.keys() == {"a", "b"}


def test_campaigns_side_by_side(whole, report, sql):
    cells = {}
    for campaign in CAMPAIGNS:
        arrived = one(sql, "SELECT count(*) FROM arrived WHERE campaign = ?", campaign)
        people = [messages(sql, kind, 1, f"campaign = '{campaign}'") for kind in ("open", "click")]
        cells[campaign] = [(hits, arrived) for hits in people]
    assert [row.campaign for row in compare_campaigns(whole)] == [*CAMPAIGNS]
    for number, row in enumerate(report["campaigns"]):
        for place, kind in enumerate(("open", "click")):
            hits, total = cells[row["campaign"]][place]
            assert fraction(row[f"{kind}_rate"]["people"]) == (hits, total)
            before = [cells[name][place] for name in [*CAMPAIGNS][:number]]
            change = row[f"{kind}_change"]
            assert (change is None) == (not before)
            if before:
                mean = sum(hits for hits, _ in before) / sum(total for _, total in before)
                assert (change["of"], isclose(change["points"], hits / total - mean)) == (len(before), True)
        assert row["delivered"] == cells[row["campaign"]][0][1]


# People


def test_scores_of_leads(pairs, sql):
    """On each day 1 for a message opened, 3 for each link clicked, halved in 14 days, 4.5 of a message at most."""
    rows = sql(
        """SELECT recipient, sum(worth) FROM (
            SELECT recipient, mail, min(4.5, sum(worth)) AS worth FROM (
                SELECT DISTINCT recipient, mail, day, kind, link, url,
                    half(julianday(?) - julianday(day)) * CASE kind WHEN 'click' THEN 3 ELSE 1 END AS worth
                FROM m WHERE side = 'people')
            GROUP BY recipient, mail)
        GROUP BY recipient""",
        NOW.date().isoformat(),
    )
    found = {lead.recipient: lead.score for lead in score(pairs, None, NOW, weights=Weights())}
    assert found.keys() == {recipient for recipient, _ in rows}
    assert all(isclose(found[recipient], worth) for recipient, worth in rows)


def test_audiences(pairs, sql):
    """Of events that a report leaves out, too, for they show that a person is there."""
    added = {f"u-{number}": BEGUN + timedelta(days=230 if number % 10 == 0 else 0) for number in range(RECIPIENTS)}
    members = audiences(pairs, None, [Subscriber(recipient=name, added_at=at) for name, at in added.items()], NOW)
    rows = sql(
        """SELECT recipient, (? - max(CASE WHEN rank = 0 THEN received END)) / 86400,
            max(rank = 1 AND kind = 'open'), max(rank = 0 AND kind = 'open') FROM e
            WHERE kind IN ('open', 'click') AND recipient IS NOT NULL GROUP BY 1""",
        NOW.timestamp(),
    )
    known = {recipient: values for recipient, *values in rows}
    for member in members:
        quiet, unknown, opened = known.get(member.recipient, (None, 0, 0))
        expected = (
            Segment.ACTIVE if quiet is not None and quiet <= 90
            else Segment.FADING if quiet is not None and quiet <= 180
            else Segment.NEW if (NOW - added[member.recipient]).days <= 60
            else Segment.UNMEASURABLE if unknown or (quiet is not None and not opened)
            else Segment.INACTIVE
        )  # fmt: skip
        assert member.audience is expected
    assert {member.audience for member in members} == {*Segment}


def test_read_reports(pairs, sql):
    groups = {f"u-{number}": provider(f"u-{number}") or "other" for number in range(RECIPIENTS)}
    found = read_report([event for event, _ in pairs], [verdict for _, verdict in pairs], groups, minimum=1)
    best = """SELECT recipient, max(rank = 0 AND kind = 'click') AS clicked, max(rank = 0) AS read, max(rank = 1) AS unknown
              FROM m GROUP BY recipient"""
    for row in found.rows:
        name = "" if row.group == "other" else row.group
        size = sum(group == row.group for group in groups.values())
        numbers = sql(
            f"""SELECT sum(read), sum(clicked), sum(unknown AND NOT read) FROM ({best})
                WHERE recipient IN (SELECT recipient FROM e WHERE provider = ?)""",
            name,
        )[0]
        assert (row.recipients, row.read, row.clicked, row.unknown) == (size, *numbers)
        assert row.not_seen == size - numbers[0] - numbers[2]


def test_hours_of_reading(pairs, sql):
    rows = sql(
        """SELECT weekday, hour, count(*) FROM (SELECT DISTINCT mail, day, weekday, hour FROM m WHERE side = 'people')
           GROUP BY 1, 2"""
    )
    found = reading_hours(pairs)
    expected = [[0] * 24 for _ in range(7)]
    for weekday, hour, number in rows:
        expected[weekday][hour] = number
    assert [list(row) for row in found.cells] == expected
    assert list(found.by_hour) == [sum(column) for column in zip(*expected, strict=True)]
