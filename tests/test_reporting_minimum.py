"""With a minimum, no form of a report tells of a single person: not by a small cell, and not by the difference of two."""

from __future__ import annotations

import csv as csv_reader
import io
import json as json_reader
import re
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailbeacon.cli import main
from mailbeacon.counting import Dimension, Outcomes, Tally, tally
from mailbeacon.counting.rounding import RoundedTally
from mailbeacon.counting.suppressing import rounded_count
from mailbeacon.errors import ConfigError
from mailbeacon.model import Actor, Event, Facts, Kind, Link, Signal, Verdict
from mailbeacon.reporting import GERMAN, Report, to_csv, to_html, to_json, to_text
from mailbeacon.store import SqliteSink
from tests.making import event

SENT = datetime(2026, 3, 2, 9, tzinfo=UTC)
PERSON = Verdict(actor=Actor.HUMAN, version="1", signals=(Signal(name="sec-fetch", weight=-2.0),))
APPLE = Verdict(actor=Actor.PRIVACY_PROXY, version="1", signals=(Signal(name="agent-privacy-proxy", weight=0.0),))
SCANNER = Verdict(actor=Actor.SCANNER, version="1", signals=(Signal(name="burst", weight=4.0),))
VERDICTS = (PERSON, APPLE, SCANNER)
BOT = Verdict(actor=Actor.CRAWLER, version="1", signals=(Signal(name="agent-bot", weight=5.0),))
KINDS = (Kind.OPEN, Kind.CLICK, Kind.BOUNCED, Kind.UNSUBSCRIBE, Kind.COMPLAINED)
LINKS = [Link(number=n, url=f"https://shop.example.com/{n}", label=f"Link {n}", line=1, column=1) for n in (1, 2, 3)]
FORMS = {"text": to_text, "JSON": to_json, "CSV": to_csv, "page": to_html}
COUNTED = re.compile(
    r"people|unknown|machines|total|hits|messages|numerator|denominator|links|delivered|opened|clicked|both"
)
OUTCOMES = {one.name for one in fields(Outcomes)}

people = st.tuples(
    st.sampled_from(KINDS),
    st.sampled_from(VERDICTS),
    st.sampled_from(["Gmail", "Outlook"]),
    st.integers(1, 2),  # the link, the department and the hour
    st.sampled_from("ab"),  # the variant
)
newcomers = st.tuples(
    st.sampled_from(KINDS),
    st.sampled_from((*VERDICTS, BOT)),
    st.sampled_from(["Gmail", "Mutt"]),
    st.integers(1, 4),
    st.sampled_from("abc"),
)
"""What few did whose client, link, place, hour or variant may be one that nobody had before; link 4 is in no template."""


def act(number: int, kind: Kind, client: str, place: int, variant: str) -> Event:
    """Return what one recipient of a place did, an hour after sending for each place."""
    facts = Facts(client=client, country="DE", region=f"region {place}", system="Linux", device="desktop")
    which = {"received_at": SENT + timedelta(hours=place), "sent_at": SENT, "message_id": f"m{number}"}
    link = {"link": place, "url": f"https://shop.example.com/{place}"} if kind is Kind.CLICK else {}
    return event(number, f"u-{place}-{number}", kind=kind, variant=variant, facts=facts, **which, **link)


def counted(crowd: list[tuple]) -> Tally:
    events = [act(number, kind, *rest) for number, (kind, _, *rest) in enumerate(crowd)]
    groups = {"place": lambda recipient: f"department {recipient[2]}"}
    delivered = {("spring", name): 400 for name in "ab"}
    return tally(events, [verdict for _, verdict, *_ in crowd], deliveries=delivered, groups=groups)


def report(crowd: list[tuple], minimum: int, **options: object) -> Report:
    newsletter = f'<a href="{LINKS[0].url}">one</a>'
    return Report(
        tally=counted(crowd),
        minimum=minimum,
        least_group=1,
        links=LINKS,
        newsletter=newsletter,
        group_by="day",
        **options,
    )


def numbers(value: object, path: tuple[str, ...] = ()) -> dict[tuple[str, ...], int]:
    """Return every number of a report's JSON that counts something, by where it stands and what its row is called."""
    found: dict[tuple[str, ...], int] = {}
    if isinstance(value, dict):
        own = tuple(
            str(value[name]) for name in ("value", "name", "url", "mark", "kind", "actor", "signal") if value.get(name)
        )
        for name, one in value.items():
            found |= numbers(one, (*path, *own, name))
    elif isinstance(value, list):
        for one in value:
            found |= numbers(one, path)
    elif (
        isinstance(value, int) and not isinstance(value, bool) and (COUNTED.fullmatch(path[-1]) or path[-1] in OUTCOMES)
    ):
        found[path] = value
    return found


@settings(max_examples=25, deadline=None)
@given(st.lists(people, max_size=70), st.integers(2, 12), st.booleans())
def test_law_every_number_of_every_form_is_a_multiple_of_the_minimum(crowd, minimum, implied):
    made = report(crowd, minimum, clicks_are_opens=implied)
    assert {path: n for path, n in numbers(json_reader.loads(to_json(made))).items() if n % minimum} == {}
    for row in csv_reader.DictReader(io.StringIO(to_csv(made), newline="")):
        for name in ("people", "unknown", "machines", "total", "denominator"):
            assert not row[name] or int(row[name]) % minimum == 0, row
    page = to_html(made)
    shown = [*re.findall(r"<td>([\d,]+)</td>", page), *re.findall(r"([\d,]+) (?:opened|clicked) by people", page)]
    assert shown
    assert [one for one in shown if int(one.replace(",", "")) % minimum] == []
    lines = [
        line for line in to_text(made).splitlines() if re.match(r"(Opens|Clicks|  )? +(messages|views|hits)\b", line)
    ]
    assert [
        one for line in lines for one in re.findall(r"\b[\d,]+\b", line) if int(one.replace(",", "")) % minimum
    ] == []


@settings(max_examples=25, deadline=None)
@given(st.lists(people, max_size=60), st.lists(people, max_size=6), st.integers(2, 12))
def test_law_two_reports_one_after_the_other_differ_by_a_whole_minimum_or_not_at_all(crowd, later, minimum):
    before, after = (numbers(json_reader.loads(to_json(report(some, minimum)))) for some in (crowd, crowd + later))
    assert [path for path in {*before, *after} if (after.get(path, 0) - before.get(path, 0)) % minimum] == []


WHOLE = [
    (kind, verdict, client, place, variant)
    for kind, verdict, client, place, variant in product(KINDS, VERDICTS, ("Gmail", "Outlook"), (1, 2), "ab")
]


@pytest.mark.parametrize("form", FORMS)
@settings(max_examples=10, deadline=None)
@given(data=st.data(), minimum=st.sampled_from([5, 8]))
def test_law_fewer_than_the_minimum_change_no_byte_whatever_they_did(form, data, minimum):
    """The figures before are whole multiples, so that nobody of the few is who makes a number pass the next one.

    A client, a link, a place, an hour or a variant that nobody had before makes no row, and merges no two of them.
    """
    few = data.draw(st.lists(newcomers, min_size=1, max_size=minimum - 1))
    crowd = WHOLE * minimum
    before, after = (FORMS[form](report(some, minimum)) for some in (crowd, crowd + few))
    assert before == after


def test_without_a_minimum_one_more_is_seen_in_every_form():
    """So the laws above can fail."""
    crowd = WHOLE * 5
    for write in FORMS.values():
        assert write(report(crowd, 0)) != write(report([*crowd, crowd[0]], 0))


@pytest.mark.parametrize("texts", [{}, {"texts": GERMAN}])
def test_every_form_says_that_it_is_rounded(texts):
    crowd = WHOLE * 30
    for write in (to_text, to_csv, to_html):
        said = " ".join(write(report(crowd, 30, **texts)).split())
        assert "rounded down to a multiple of 30" in said or "auf ein Vielfaches von 30 abgerundet" in said
        assert "rounded down" not in write(report(crowd, 0, **texts))
    assert json_reader.loads(to_json(report(crowd, 30)))["minimum"] == 30
    assert [
        (row["value"], row["opens"]["hits"]["total"])
        for row in json_reader.loads(to_json(report(crowd, 30)))["by"]["day"]
    ] == [("2026-03-02", len(WHOLE) // len(KINDS) * 30)]


def test_a_moment_is_that_of_one_hit_so_only_days_of_enough_are_told():
    crowd = WHOLE * 5
    alone = act(10_000, Kind.OPEN, "Gmail", 1, "a").changed(received_at=SENT + timedelta(days=3))
    late = counted(crowd).merge(tally([alone], [PERSON]))
    assert "2026-03-05" in to_text(Report(tally=late))
    for write in FORMS.values():
        shown = write(Report(tally=late, minimum=5, zone="Europe/Berlin", group_by="hour"))
        assert "2026-03-05" not in shown
        assert not re.search(r"clicks from 2026-03-02 (?!00:00)\d\d:\d\d", shown)


def test_totals_that_were_closed_in_a_zone_are_reported_in_it():
    late = counted(WHOLE * 5).closed(zone="Europe/Berlin")
    said = to_text(Report(tally=late, minimum=5, zone="Europe/Berlin"))
    assert "clicks from 2026-03-02 00:00 to 2026-03-02 00:00 (Europe/Berlin)" in said


def test_a_rounded_tally_gives_its_exact_figures_to_nobody():
    rounded = RoundedTally(counted(WHOLE), 3)
    for wrong in (rounded.to_json, rounded.closed, lambda: rounded.merge(Tally())):
        with pytest.raises(ConfigError, match="rounded"):
            wrong()
    part = rounded.select(variant="a")
    assert isinstance(part, RoundedTally)
    assert isinstance(rounded.with_deliveries(), RoundedTally)
    assert rounded == rounded
    assert rounded != RoundedTally(counted(WHOLE), 3)
    assert part.mails_with(Kind.UNSUBSCRIBE) % 3 == 0
    assert [one.hits.total for one in rounded.by(Dimension.CLIENT, Kind.OPEN).values()] == [9, 9]  # of 12 each
    assert RoundedTally(counted(WHOLE), 5).by(Dimension.CLIENT, Kind.OPEN) == {}


def test_a_rounded_tally_names_what_has_enough_hits_or_a_number_of_deliveries():
    crowd = [
        *[(Kind.OPEN, PERSON, "Gmail", 1, "a")] * 5,
        *[(Kind.CLICK, PERSON, "Gmail", 2, "b")] * 5,
        *[(Kind.OPEN, PERSON, "Gmail", 2, "c")] * 4,
        *[(Kind.CLICK, PERSON, "Gmail", 2, "c")] * 4,
    ]
    events = [act(number, kind, *rest) for number, (kind, _, *rest) in enumerate(crowd)]
    exact = tally(events, [PERSON] * len(crowd), deliveries={("spring", "d"): 1})
    rounded = RoundedTally(exact, 5)
    assert (exact.values(Dimension.VARIANT), rounded.values(Dimension.VARIANT)) == (list("abcd"), list("abd"))
    assert rounded.values(Dimension.CAMPAIGN) == ["spring"]


def test_a_rounded_tally_names_a_campaign_without_deliveries_where_enough_was_seen_of_it():
    def campaign(name, number):
        return tally(
            [act(n, Kind.OPEN, "Gmail", 1, "a").changed(campaign=name) for n in range(number)], [PERSON] * number
        )

    whole = campaign("four", 4).merge(campaign("five", 5)).merge(tally([], [], deliveries={"known": 9}))
    assert whole.without_deliveries == ["five", "four"]
    assert RoundedTally(whole, 5).without_deliveries == ["five"]


def test_a_rounded_tally_answers_what_it_is_asked():
    """For views in a window, for opens that a click implies, and for reasons the most first."""
    crowd = [(Kind.CLICK, PERSON, "Gmail", 1, "a")] * 9 + [(Kind.OPEN, SCANNER, "Gmail", 1, "a")] * 7
    opened = [act(n % 40, Kind.OPEN, "Gmail", 2, "b") for n in range(80)]
    again = [one.changed(received_at=one.received_at + timedelta(minutes=n)) for n, one in enumerate(opened)]
    exact = counted(crowd).merge(tally(again, [PERSON] * 80))
    rounded = RoundedTally(exact, 4)
    for kind, implied, minutes in product((Kind.OPEN, Kind.CLICK), (False, True), (1, 60)):
        window = timedelta(minutes=minutes)
        whole = exact.count(kind, clicks_are_opens=implied, window=window)
        assert rounded.count(kind, clicks_are_opens=implied, window=window) == rounded_count(whole, 4)
        by = exact.by(Dimension.VARIANT, kind, window=window)
        assert rounded.by(Dimension.VARIANT, kind, window=window) == {
            name: rounded_count(one, 4) for name, one in by.items()
        }
    narrow, wide = (rounded.by(Dimension.VARIANT, Kind.OPEN, window=timedelta(minutes=n))["b"].views for n in (1, 60))
    assert narrow.people > wide.people
    implied = rounded.count(Kind.OPEN, clicks_are_opens=True)
    assert implied.messages.people == rounded.count(Kind.OPEN).messages.people + 8
    assert list(rounded.reasons.items()) == [
        ((Kind.OPEN, Actor.HUMAN, "sec-fetch"), 80),
        ((Kind.CLICK, Actor.HUMAN, "sec-fetch"), 8),
        ((Kind.OPEN, Actor.SCANNER, "burst"), 4),
    ]


@pytest.mark.parametrize("wrong", [-1, 2.5, True, "5"])
def test_a_minimum_that_is_none_is_refused(wrong):
    with pytest.raises(ConfigError, match="minimum"):
        Report(tally=Tally(), minimum=wrong)


def test_the_command_line_writes_every_form_so(tmp_path, capsys):
    """A department of 45 with one click of a person, one of 7, and a page for others."""
    path, groups = tmp_path / "events.sqlite", tmp_path / "groups.csv"
    names = [f"u-{n}" for n in range(52)]
    with SqliteSink(path) as sink:
        for n, name in enumerate(names):
            one = act(n, Kind.OPEN, "Gmail", 1, "").changed(recipient=name)
            sink.record(one, PERSON)
        sink.record(act(0, Kind.CLICK, "Gmail", 1, "").changed(recipient="u-0", id="click"), PERSON)
    groups.write_text(
        "recipient,team\n" + "".join(f"{name},{'large' if n < 45 else 'tiny'}\n" for n, name in enumerate(names))
    )
    page = tmp_path / "page.html"
    asked = [str(path), "--delivered", "100", "--groups", str(groups), "--stored-verdicts"]
    written = {}
    for form in ([], ["--csv"], ["--json"]):
        assert main(["report", *asked, *form, "--minimum", "30"]) == 0
        written["".join(form)] = capsys.readouterr().out
    assert main(["report", *asked, "--html", str(page), "--minimum", "30"]) == 0
    written["html"] = page.read_text("utf-8")
    assert main(["report", *asked]) == 0
    exact = capsys.readouterr().out
    assert re.search(r"Opens +messages +52\b", exact)
    assert "tiny" in exact
    for said in written.values():
        assert "tiny" not in said
        assert not re.search(r"\b(52|45)\b", re.sub(r"<style>.*</style>|\d\d:\d\d(:\d\d)?", "", said, flags=re.DOTALL))
    found = json_reader.loads(written["--json"])
    assert (found["delivered"], found["opens"]["messages"]["people"], found["clicks"]["hits"]["total"]) == (90, 30, 0)
    assert [(row["value"], row["opens"]["messages"]["people"]) for row in found["by"]["team"]] == [("large", 30)]


def test_a_rounded_part_knows_of_which_mails_the_provider_spoke():
    """The provider knows no variant, so what it said stands in another page than the mails' opens."""
    told = [event(n, f"u{n}", kind=Kind.DELIVERED, message_id=f"m{n}") for n in range(40)]
    opened = [event(n + 100, f"u{n}", message_id=f"m{n}", variant="a") for n in range(60)]
    exact = tally([*told, *opened], [None] * 40 + [PERSON] * 60)
    parts = [one.select(variant="a") for one in (exact, RoundedTally(exact, 5))]
    assert [part.outcomes.unlisted for part in parts] == [20, 20]
    assert [part.reported for part in parts] == [["spring"], ["spring"]]
    assert [part.without_deliveries for part in parts] == [[], []]
