"""Every value on the page is escaped: taking out any one escape is noticed.

The page is drawn of a report in which everything that can be hostile is: names, labels, notes, the newsletter and the very
strings of the language. Then it is drawn again for each place in the source that escapes, with this one left out.
"""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

from mailbeacon.counting import Dimension, tally
from mailbeacon.model import Actor, Facts, Kind, Link, Signal, Verdict
from mailbeacon.reporting import Report, Texts, charts, clickmap, page, side_by_side, tables, to_html
from mailbeacon.reporting.page import to_html as draw
from tests.making import NOON, hit

EVIL = "<script>alert(1)</script>\"'&"
MODULES = {page: "escape", tables: "escape", charts: "escape", side_by_side: "escape", clickmap: "escape_attribute"}


class Hostile(Texts):
    """A language whose every string is hostile."""

    def say(self, text, **values):
        return super().say(text, **values) + EVIL

    def value(self, value):
        return super().value(value) + EVIL


HOSTILE = Hostile(language=EVIL, weekdays=(EVIL,) * 7)


def act(mail, kind=Kind.OPEN, **fields):
    """Return what the one recipient of a mail did in it, with everything hostile."""
    where = dict.fromkeys(("client", "system", "device", "country", "region", "city"), EVIL)
    return hit(mail, kind, **{"recipient": mail, "campaign": EVIL, "facts": Facts(**where), **fields})


def events():
    machine = Verdict(actor=Actor.SCANNER, signals=(Signal(name=EVIL, weight=1.0),), version=EVIL)
    person = Verdict(actor=Actor.HUMAN, version=EVIL)
    for campaign in (EVIL, f"{EVIL}2"):
        for number in range(40):
            variant = EVIL if number % 2 else f"b{EVIL}"
            fields = {"campaign": campaign, "variant": variant}
            yield act(f"{campaign}{number}", Kind.DELIVERED, **fields), None
            if number < 30 or number % 2:
                yield act(f"{campaign}{number}", **fields), person
            if number < 9:
                yield (
                    act(f"{campaign}{number}", Kind.CLICK, link=1, url=f"https://x.example/{EVIL}", **fields),
                    person,
                )
            yield act(f"{campaign}{number}", Kind.CLICK, link=2, url=f"https://x.example/{EVIL}", **fields), machine
    yield act("m", recipient=None), person
    yield act("m", Kind.CLICK, recipient=None), person
    yield act("m1", Kind.COMPLAINED), None


SOURCE = (
    f'<p title="{EVIL.replace(chr(34), "&quot;")}">x</p><map><area href="https://x.example/3"></map>'
    '<!--[if mso]><v:rect href="https://x.example/4"><![endif]-->'
)
LINKS = [
    Link(number=1, url=f"https://x.example/{EVIL}", label=EVIL),
    Link(number=3, url="https://x.example/3", label=EVIL, line=1, column=SOURCE.index("https://x.example/3") + 1),
    Link(number=4, url="https://x.example/4", label=EVIL, line=1, column=SOURCE.index("https://x.example/4") + 1),
]


def reports():
    hostile = {"title": EVIL, "links": LINKS, "newsletter": SOURCE, "notes": [EVIL], "texts": HOSTILE, "made_at": NOON}
    counted = tally(events(), groups={EVIL: lambda who: EVIL})
    logo = "data:image/png;base64,iVBORw0KGgo="
    yield Report(tally=counted, group_by=Dimension.CITY, clicks_are_opens=True, silent=3, **hostile)
    yield Report(
        tally=tally(events(), deliveries={EVIL: 2}), group_by=Dimension.CAMPAIGN, logo=logo, since=NOON, **hostile
    )
    yield Report(tally=tally([]), **hostile)
    arms = [act(variant, variant=variant) for variant in (f"a{EVIL}", EVIL)]
    yield Report(tally=tally(arms, [None] * 2), **hostile)


def shown():
    """Draw the pages; the map of the second one fails."""
    return "".join(map(draw, REPORTS))


REPORTS = list(reports())


def places():
    """Return where the source escapes: module, line and column."""
    found = []
    for module, name in MODULES.items():
        tree = ast.parse(Path(module.__file__).read_text("utf-8"))
        calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name))
        found += [(module, node.lineno, node.col_offset) for node in calls if node.func.id == name]
    return found


PLACES = places()
UNREACHED = {"{escape(report.logo)}", "escape(failure)"}
"""A logo is checked when the report is made; the sentence of a map that fails has a test of its own."""


def leaving_out(module, line, column, reached):
    """Return an escape that lets everything through where it is called from one place."""
    real = getattr(module, MODULES[module])

    def escape(value):
        frame = sys._getframe(1)
        positions = [*frame.f_code.co_positions()][frame.f_lasti // 2]
        here = (positions[0], positions[2]) == (line, column)
        reached.append(here)
        return str(value) if here else real(value)

    return escape


def test_nothing_hostile_comes_through():
    assert "<script" not in shown()
    assert "&lt;script" in shown()


@pytest.mark.parametrize(("module", "line", "column"), PLACES, ids=lambda value: getattr(value, "__name__", value))
def test_each_escape_is_needed(module, line, column, monkeypatch):
    text = Path(module.__file__).read_text("utf-8").splitlines()[line - 1][column:]
    reached = []
    monkeypatch.setattr(module, MODULES[module], leaving_out(module, line, column, reached))
    found = shown()
    if any(text.startswith(one.strip("{}")) for one in UNREACHED):
        return
    assert any(reached), f"no hostile report comes by {module.__name__}:{line}: {text}"
    assert "<script" in found, f"nothing hostile goes through {module.__name__}:{line}: {text}"


def test_the_pages_are_those_of_the_package():
    assert draw is to_html
