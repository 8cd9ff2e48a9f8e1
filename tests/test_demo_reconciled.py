"""The demonstration's events, counted in SQL where they are stored, and every number of the report's four forms held against it."""

from __future__ import annotations

import csv
import html
import io
import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest

from mailbeacon.cli import main

DELIVERED = 400
HITS = """
    CREATE TEMP VIEW h AS SELECT json_extract(event, '$.kind') AS kind, json_extract(event, '$.link') AS link,
        json_extract(event, '$.url') AS url, json_extract(event, '$.facts.client') AS client, campaign,
        campaign || ' ' || json_extract(event, '$.message_id') || ' ' || recipient AS mail,
        CASE WHEN json_extract(verdict, '$.actor') IN ('human', 'image_proxy') THEN 0
             WHEN json_extract(verdict, '$.actor') IN ('privacy_proxy', 'unknown') THEN 1 ELSE 2 END AS rank
    FROM mailbeacon_events
"""
SIDES = ("people", "unknown", "machines")
NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("demo")
    assert main(["demo", "--recipients", str(DELIVERED), "--out", str(path)]) == 0
    return path


@pytest.fixture(scope="module")
def sql(folder):
    with closing(sqlite3.connect(folder / "events.sqlite")) as connection:
        connection.execute(HITS)
        yield lambda query, *values: connection.execute(query, values).fetchall()


@pytest.fixture
def forms(folder, capsys):
    """Return the report as JSON, rows of CSV, text and page."""
    asked = [str(folder / "events.sqlite"), "--stored-verdicts", "--delivered", str(DELIVERED), "--group-by", "client"]
    told = {}
    for form in ("--json", "--csv", "--title=x"):
        capsys.readouterr()
        assert main(["report", *asked, form, "--html", str(folder / "page.html")]) == 0
        told[form] = capsys.readouterr().out
    rows = list(csv.DictReader(io.StringIO(told["--csv"], newline="")))
    return json.loads(told["--json"]), rows, told["--title=x"], (folder / "page.html").read_text("utf-8")


def messages(sql, kind: str, value: str = "''") -> dict[str, list[int]]:
    best = f"SELECT {value} AS value, mail, min(rank) AS best FROM h WHERE kind = ? GROUP BY 1, 2"
    rows = sql(f"SELECT value, sum(best = 0), sum(best = 1), sum(best = 2) FROM ({best}) GROUP BY 1", kind)
    return {row[0] or "": list(row[1:]) for row in rows}


def within(value: object, needed: str) -> Iterator[dict[str, object]]:
    """Return the objects of some JSON that have a field."""
    if isinstance(value, dict):
        if needed in value:
            yield value
        value = list(value.values())
    if isinstance(value, list):
        for one in value:
            yield from within(one, needed)


def numbers_in(value: object) -> Iterator[float]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for one in value:
            yield from numbers_in(one)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield value


def test_the_json_is_what_sql_counts(forms, sql):
    found = forms[0]
    for kind in ("open", "click"):
        split = messages(sql, kind)[""]
        assert [found[f"{kind}s"]["messages"][side] for side in SIDES] == split
        hits = sql("SELECT sum(rank = 0), sum(rank = 1), sum(rank = 2) FROM h WHERE kind = ?", kind)[0]
        assert tuple(found[f"{kind}s"]["hits"][side] for side in SIDES) == hits
        rate = found[f"{kind}_rate"]
        assert (rate["people"]["numerator"], rate["people"]["denominator"]) == (split[0], DELIVERED)
        assert rate["people_and_unknown"]["numerator"] == split[0] + split[1]
        assert found["raw"][f"{kind}s"]["rate"]["numerator"] == sum(split)
        by_client = {row["value"]: row[f"{kind}s"]["messages"] for row in found["by"]["client"]}
        for client, sides in messages(sql, kind, "client").items():
            assert [by_client[client][side] for side in SIDES] == sides
    links = {(row["number"], row["url"]): row["clicks"]["messages"] for row in found["links"]}
    for place, sides in messages(sql, "click", "link || ' ' || url").items():
        number, _, url = place.partition(" ")
        assert [links[int(number), url][side] for side in SIDES] == sides


def test_each_row_of_the_csv_is_in_the_json(forms):
    found, rows, _, _ = forms
    counts = {
        (unit, *(count[unit][side] for side in (*SIDES, "total")))
        for count in within(found, "shared_hits")
        for unit in ("messages", "views", "hits")
    }
    rates = {(rate["name"], rate["numerator"], rate["denominator"]): rate for rate in within(found, "numerator")}
    seen = 0
    for row in rows:
        if row["people"]:
            assert (row["unit"], *(int(row[side]) for side in (*SIDES, "total"))) in counts
        elif row["denominator"]:
            rate = rates[row["figure"], int(row["total"]), int(row["denominator"])]
            assert [row[name] for name in ("value", "low", "high")] == [
                f"{rate[name]:.6f}" for name in ("value", "low", "high")
            ]
        elif row["total"]:
            name = row["figure"].removeprefix("reported ").replace(" ", "_")
            assert int(row["total"]) == (
                found["delivered"] if row["figure"] == "delivered" else found["outcomes"][name]
            )
        seen += bool(row["total"])
    assert seen > 100
    names = [(row["figure"], row["of"], row["unit"]) for row in rows]
    assert len(names) == len(set(names))


def test_each_number_of_text_and_page_is_in_the_json(forms):
    """As a number with its thousands apart, or as a share of a hundred; those of dates, links and words are left out."""
    found, _, text, page = forms
    known = {f"{number:,}" for number in numbers_in(found) if isinstance(number, int)}
    known |= {f"{100 * number:.{digits}f}" for number in numbers_in(found) for digits in (0, 1, 2) if number <= 1}
    known |= {f"{number + half:,.0f}" for number in numbers_in(found["readership"]) for half in (-0.05, 0.05)}
    lines = [line for line in text.splitlines()[3:] if not re.search(r"https?:|\d{4}-\d\d-\d\d|and \d+ more", line)]
    told = NUMBER.findall("\n".join(lines))
    assert len(told) > 100
    assert [number for number in told if number not in known] == []
    cells = re.findall(r"<td[^>]*>(.*?)</td>", page.partition('class="map"')[0], re.DOTALL)
    plain = [html.unescape(re.sub(r"<[^>]+>", " ", cell)) for cell in cells]
    told = [number for cell in plain if not re.search(r"https?:|[a-z]{4}", cell) for number in NUMBER.findall(cell)]
    assert len(told) > 100
    assert [number for number in told if number not in known] == []
