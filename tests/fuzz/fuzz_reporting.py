"""Fuzz the click map and the report with atheris: ``python tests/fuzz/fuzz_reporting.py -max_total_time=600``.

Whatever the newsletter, the map holds nothing that loads or runs, and takes time by its length: so many seconds for each
byte, and no more than twice and a half for a document of twice the length. Whatever the names, no form of the report lets
one out of its place. Give folders of documents as further arguments to start from.
"""

from __future__ import annotations

import csv
import io
import json
import re
import sys
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path

import atheris

sys.path[:0] = [str(Path(__file__).parents[2])]

with atheris.instrument_imports(include=["mailbeacon.reporting", "mailbeacon.markup"]):
    from mailbeacon import reporting
    from mailbeacon.reporting.clickmap import click_map

from mailbeacon.counting import Dimension, tally  # noqa: E402
from mailbeacon.model import Actor, Event, Facts, Kind, Link, Signal, Verdict  # noqa: E402
from tests.linear import quickest  # noqa: E402

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
SECONDS_A_CHARACTER = 2e-5
"""With the instruments; a twentieth of it without."""
FREE_SECONDS = 0.05
HARMLESS = re.compile("data:image/(?:png|gif|jpe?g|webp);base64,", re.IGNORECASE)
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
FORBIDDEN = frozenset(
    {"script", "iframe", "link", "object", "svg", "math", "base", "form", "template", "video", "embed"}
)


class Reader(HTMLParser):
    """Collect what a browser would make of the map."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attrs: list[tuple[str, str]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attrs += [(name, value or "") for name, value in attrs]


def one(raw: bytes) -> None:
    """Check the laws on any bytes at all."""
    text = raw.decode("utf-8", "surrogateescape").encode("utf-8", "replace").decode()
    if raw[:1] and not raw[0] % 32:
        check_report(text)  # seldom, for it takes a hundred times as long
    else:
        check_map(text)


def check_map(source: str) -> None:
    """The map of a document."""
    label = [Link(number=1, url="https://x.example/", label=source[:9])]
    limit = FREE_SECONDS + SECONDS_A_CHARACTER * 3 * len(source)
    assert quickest(lambda: click_map(source * 3, label, []), limit) < limit
    drawn = click_map(source * 3, label, [])
    try:
        found = Reader(drawn)
    except AssertionError:  # html.parser's own, on some declarations
        return
    assert not FORBIDDEN & found.tags, found.tags & FORBIDDEN
    for name, value in found.attrs:
        assert not name.startswith("on"), name
        assert name not in ("href", "action", "background", "srcset"), name
        assert name != "src" or HARMLESS.match(value), value[:40]


def check_report(name: str) -> None:
    """The report of events in which every text is the same."""
    facts = Facts(client=name, system=name, device=name, country=name, region=name, city=name)
    place = {"recipient": name or "u", "campaign": name, "variant": name, "message_id": name, "facts": facts}
    events = [
        Event(id=name, kind=kind, received_at=NOON, url=f"https://x.example/{name}", link=1, **place)
        for kind in (Kind.OPEN, Kind.CLICK, Kind.BOUNCED)
    ]
    verdict = Verdict(actor=Actor.HUMAN, signals=(Signal(name=name, weight=1.0),), version=name)
    links = [Link(number=1, url=f"https://x.example/{name}", label=name)]
    report = reporting.Report(
        tally=tally(events, [verdict] * 3), title=name, links=links, notes=[name], group_by=Dimension.CAMPAIGN
    )
    limit = 10 * FREE_SECONDS + SECONDS_A_CHARACTER * 50 * len(name)
    assert quickest(lambda: (reporting.to_html(report), reporting.to_csv(report)), limit) < limit
    page, table = reporting.to_html(report), reporting.to_csv(report)
    json.loads(reporting.to_json(report))
    assert not [sign for sign in reporting.to_text(report) if not sign.isprintable() and sign != "\n"]
    for row in csv.reader(io.StringIO(table, newline="")):
        assert not [
            cell
            for cell in row
            if cell[:1] in tuple("=+-@\t\r\n＝＋－＠") and not cell.lstrip("-").replace(".", "").isdigit()
        ]
    assert not FORBIDDEN - {"svg"} & Reader(page).tags


if __name__ == "__main__":
    atheris.Setup(sys.argv, atheris.instrument_func(one))
    atheris.Fuzz()
