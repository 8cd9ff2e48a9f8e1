"""The figures of a made-up mailing, counted anew in SQL over the same events, and the same in every form of the report."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

import mailbeacon as mb
from mailbeacon import fake
from mailbeacon.counting import Dimension, tally
from mailbeacon.model import Kind
from mailbeacon.reporting import Report, to_csv, to_html, to_json, to_text
from tests import making

SENT_AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
PAGE = "".join(f'<p><a href="https://shop.example.com/{n}">{n}</a></p>' for n in range(8))
SIDE = {True: "people", None: "unknown", False: "machines"}


@pytest.fixture(scope="module")
def pairs():
    """Two campaigns to 500 recipients, judged, with a provider's reports of every mail."""
    beacon, found = making.beacon(), []
    for week, campaign in enumerate(("spring", "summer")):
        sent_at = SENT_AT + timedelta(days=7 * week)
        template = beacon.compile(PAGE, campaign=campaign)
        hits = fake.simulate(beacon, template, fake.BUSINESS, recipients=500, seed=9 + week, sent_at=sent_at)
        events = [event for event, _ in fake.to_events(hits, beacon)]
        found += zip(events, mb.classify_all(events), strict=True)
        for number in range(500):
            message = mb.Message(recipient=fake.recipient_name(number), campaign=campaign, sent_at=sent_at)
            mail = {"recipient": message.recipient, "campaign": campaign, "message_id": beacon.message_id(message)}
            told = [Kind.SENT, *([Kind.BOUNCED] if number % 50 == 49 else [Kind.DELIVERED])]
            told += [Kind.COMPLAINED] * (number in (3, 4)) + [Kind.UNSUBSCRIBE] * (number % 100 == 7)
            found += [
                (
                    mb.Event(
                        id=f"{campaign}{number}{kind}", kind=kind, received_at=sent_at + timedelta(seconds=n), **mail
                    ),
                    None,
                )
                for n, kind in enumerate(told)
            ]
    return found


@pytest.fixture(scope="module")
def table(pairs):
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE TABLE e (kind, mail, campaign, link, side, client, minute INTEGER, day)")
        connection.executemany(
            "INSERT INTO e VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    event.kind.value,
                    repr(event.mail),
                    event.campaign,
                    event.link,
                    SIDE[None if verdict is None else verdict.is_human],
                    repr(
                        (
                            event.facts.client,
                            event.facts.system,
                            event.facts.device,
                            event.facts.country,
                            event.facts.region,
                        )
                    ),
                    int(event.received_at.timestamp() // 60),
                    event.received_at.astimezone(UTC).date().isoformat(),
                )
                for event, verdict in pairs
            ],
        )
        yield lambda query, *values: connection.execute(query, values).fetchall()


@pytest.fixture(scope="module")
def report(pairs):
    return Report(tally=tally(pairs), title="Both", group_by=Dimension.CAMPAIGN)


MESSAGES = """
    WITH best AS (SELECT mail, campaign, min(CASE side WHEN 'people' THEN 0 WHEN 'unknown' THEN 1 ELSE 2 END) AS rank
                  FROM e WHERE kind = ? GROUP BY mail)
    SELECT sum(rank = 0), sum(rank = 1), sum(rank = 2) FROM best
"""


@pytest.mark.parametrize("kind", ["open", "click"])
def test_hits_and_messages_are_those_of_sql_in_every_form(kind, report, table):
    found = json.loads(to_json(report))[f"{kind}s"]
    ((people, unknown, machines),) = table(MESSAGES, kind)
    assert [found["messages"][side] for side in SIDE.values()] == [people, unknown, machines]
    hits = dict(table("SELECT side, count(*) FROM e WHERE kind = ? GROUP BY side", kind))
    assert [found["hits"][side] for side in SIDE.values()] == [hits.get(side, 0) for side in SIDE.values()]
    rows = {
        (row["figure"], row["of"], row["unit"]): row for row in csv.DictReader(io.StringIO(to_csv(report), newline=""))
    }
    assert [int(rows[f"{kind}s", "", "messages"][side]) for side in SIDE.values()] == [people, unknown, machines]
    title = f"{kind.capitalize()}s, messages"
    assert f'<th scope="row">{title}</th><td>{people:,}</td><td>{unknown:,}</td><td>{machines:,}</td>' in to_html(
        report
    )
    line = next(line for line in to_text(report).splitlines() if line.startswith(f"{kind.capitalize()}s  "))
    assert line.split()[2:5] == [f"{people:,}", f"{unknown:,}", f"{machines:,}"]


@pytest.mark.parametrize("kind", ["open", "click"])
def test_views_are_those_of_sql(kind, report, table):
    """A view begins where the same client of the same mail (and link) paused for more than five minutes."""
    moments = """
        SELECT DISTINCT mail, client, link, side, minute FROM e WHERE kind = ?
    """
    starts = f"""
        SELECT side, sum(pause IS NULL OR pause > 5) FROM (
            SELECT side, minute - lag(minute) OVER (PARTITION BY mail, client, link, side ORDER BY minute) AS pause
            FROM ({moments})) GROUP BY side
    """
    found = json.loads(to_json(report))[f"{kind}s"]["views"]
    assert {side: found[side] for side, _ in table(starts, kind)} == dict(table(starts, kind))


def test_what_became_of_the_mails_is_that_of_sql(report, table):
    found = json.loads(to_json(report))["outcomes"]
    ((sent, bounced),) = table(
        "SELECT count(DISTINCT mail), count(DISTINCT CASE kind WHEN 'bounced' THEN mail END) FROM e WHERE kind IN"
        " ('sent', 'delivered', 'bounced')"
    )
    assert (found["sent"], found["bounced"], found["delivered"]) == (sent, bounced, sent - bounced)
    for kind, name in (("complained", "complained"), ("unsubscribe", "unsubscribed")):
        ((mails,),) = table("SELECT count(DISTINCT mail) FROM e WHERE kind = ?", kind)
        assert found[name] == mails > 0
    ((seen,),) = table(
        "SELECT count(DISTINCT mail) FROM e WHERE kind IN ('open', 'click') AND side = 'people' AND mail IN"
        " (SELECT mail FROM e WHERE kind = 'bounced')"
    )
    assert found["seen_all_the_same"] == seen
    rates = json.loads(to_json(report))["outcome_rates"]
    assert rates["bounced"]["denominator"] == sent
    assert rates["complained"]["denominator"] == sent - bounced + seen


def test_links_days_and_campaigns_are_those_of_sql(report, table):
    found = json.loads(to_json(report))
    links = table(
        "SELECT campaign, link, count(DISTINCT mail) FROM e WHERE kind = 'click' AND side = 'people' GROUP BY campaign, link"
    )
    for campaign, link, mails in links:
        (row,) = (row for row in found["links"] if (row["campaign"], row["number"]) == (campaign, link))
        assert row["clicks"]["messages"]["people"] == mails
    days = dict(table("SELECT day, count(*) FROM e WHERE kind = 'open' GROUP BY day"))
    assert {
        row["value"]: row["opens"]["hits"]["total"] for row in found["by"]["day"] if row["opens"]["hits"]["total"]
    } == days
    for row in found["campaigns"]:
        ((mails,),) = table(
            "SELECT count(DISTINCT mail) FROM e WHERE kind = 'open' AND side = 'people' AND campaign = ?",
            row["campaign"],
        )
        assert row["open_rate"]["people"]["numerator"] == mails
