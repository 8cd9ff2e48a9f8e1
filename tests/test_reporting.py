"""Reports: text, JSON, CSV and the page say the same, and nothing that is reported can break out of them."""

from __future__ import annotations

import csv as csv_reader
import io
import json as json_reader
import re
from datetime import datetime, timedelta
from html import unescape
from html.parser import HTMLParser
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbeacon.counting import Dimension, LinkKey, Sentence, Split, Tally, tally
from mailbeacon.counting.spreadsheets import csv_text, safe_cell
from mailbeacon.errors import ConfigError
from mailbeacon.model import Actor, Facts, Kind, Link, Signal, Verdict
from mailbeacon.reporting import GERMAN, Report, Texts
from mailbeacon.reporting import to_csv as csv
from mailbeacon.reporting import to_html as html
from mailbeacon.reporting import to_json as json
from mailbeacon.reporting import to_text as text
from mailbeacon.reporting.charts import buckets, time_chart
from mailbeacon.reporting.clickmap import click_map
from mailbeacon.reporting.content import findings
from mailbeacon.reporting.page import POLICY
from mailbeacon.reporting.tables import reason_table
from tests.making import NOON, hit

_SHADOW = re.compile("<template .*</template>", re.DOTALL)
EVIL = "<script>alert(1)</script>\"'&"
PERSON = Verdict(actor=Actor.HUMAN, version="rules 1")
APPLE = Verdict(actor=Actor.PRIVACY_PROXY, signals=(Signal(name="apple-mpp", weight=0.0),), version="rules 1")
SCANNER = Verdict(actor=Actor.SCANNER, signals=(Signal(name="burst", weight=4.0),), version="rules 1")
NEWSLETTER = """<!DOCTYPE html><html><head><title>t</title><style>p{color:red}@import "https://x.example/a.css";
.a{background:url(https://x.example/b.png)}</style><script>alert(1)</script></head>
<body background="https://x.example/c.png" onload="alert(1)" bgcolor="#eeeeee"><p>Hello &amp; welcome</p>
<a href="https://example.com/pricing?a=1&amp;b=2" onclick="alert(1)" style="color:blue">Pricing</a>
<a href="https://example.com/news"><img src="https://x.example/d.png" alt="News" width="10"></a>
<td style="background:url('https://x.example/e.png');color:green">cell</td><iframe src="https://x.example/f"></iframe>
<a href="javascript:alert(1)">off</a></body></html>"""
LINKS = [
    Link(number=1, url="https://example.com/pricing?a=1&b=2", label="Pricing", line=4, column=10),
    Link(number=2, url="https://example.com/news", label="News"),
    Link(number=3, url="https://example.com/never", label="Never"),
]


def act(mail, kind=Kind.OPEN, *, link=None, **fields):
    """Return what the one recipient of a mail did in it."""
    url = next((one.url for one in LINKS if one.number == link), "")
    facts = Facts(client=fields.pop("client", "Gmail"), country="DE")
    return hit(mail, kind, **{"recipient": mail, "link": link, "url": url, "facts": facts, **fields})


def sample(**options):
    found = [
        *((act(f"m{n}", minutes=7 * n, variant="ab"[n % 2]), PERSON) for n in range(40)),
        *((act(f"a{n}", client="Apple", variant="ab"[n % 2]), APPLE) for n in range(30)),
        *((act(f"m{n}", Kind.CLICK, link=1, variant="ab"[n % 2]), PERSON) for n in range(12)),
        (act("m1", Kind.CLICK, link=2, variant="b"), PERSON),
        *((act(f"s{n}", Kind.CLICK, link=1 + n % 2, variant="ab"[n % 2]), SCANNER) for n in range(20)),
        (act("m9", expired=True, variant="b"), PERSON),
    ]
    deliveries = {("spring", "a"): 100, ("spring", "b"): 100}
    counted = tally([one for one, _ in found], [verdict for _, verdict in found], deliveries=deliveries)
    fields = {"title": "Spring", "links": LINKS, "newsletter": NEWSLETTER, "made_at": NOON, "notes": ["A note."]}
    return Report(tally=counted, **(fields | options))


EVIL_REPORT = Report(
    tally=tally(
        [
            act(EVIL, campaign=EVIL, variant=EVIL, client=EVIL),
            act(EVIL, Kind.CLICK, link=9, campaign=EVIL, variant="b"),
        ],
        [PERSON, Verdict(actor=Actor.SCANNER, signals=(Signal(name=EVIL, weight=1.0),), version=EVIL)],
        deliveries={(EVIL, EVIL): 9, (EVIL, "b"): 9},
    ),
    title=EVIL,
    links=[Link(number=9, url=f"https://example.com/{EVIL}", label=EVIL)],
    newsletter=f"<p>{EVIL}</p><a href='https://example.com/'>{EVIL}</a>",
    notes=[EVIL],
    group_by=Dimension.CAMPAIGN,
)


# Text


def test_the_text_names_units_denominators_and_intervals():
    said = text(sample())
    assert "Delivered: 200" in said
    assert "Open rate: 20.0 % to 35.0 % of delivered messages" in said
    assert "people seen: 20.0 %, interval 15.0 to 26.1 % (40)" in said
    assert "Click-to-open rate: 30.0 % (12 of 40 opened by people; 18.1 to 45.4 %)" in said
    assert "Machines made 60.6 % of 33 raw clicks." in said
    assert "A tool that believes every hit would say 32 messages, 16.0 %." in said
    assert re.search(r"^Pricing +12 +100\.0 % +10$", said, re.MULTILINE)  # messages
    assert "\nand 1 more, never clicked\n" in said
    assert "1 open of a mail older than the sender counts is in no figure." in said.replace("\n  ", " ")


@pytest.mark.parametrize("write", [text, json, html, csv])
def test_what_is_no_tally_is_refused(write):
    with pytest.raises(ConfigError, match="a Report or a Tally is needed, got list"):
        write([])


def test_links_beyond_ten_are_counted_and_long_ones_keep_both_ends():
    urls = [
        f"https://shop.example.com/a/very/long/path/of/the/spring/catalogue/page/{number:02}" for number in range(14)
    ]
    clicks = [act(f"m{n}", Kind.CLICK, link=n + 1).changed(url=url) for n, url in enumerate(urls)]
    links = [Link(number=number, url="https://example.com/never") for number in (20, 21)]
    counted = tally(clicks, [PERSON] * len(clicks))
    said = text(Report(tally=counted, links=links))
    assert "\nand 6 more, 2 of them never clicked\n" in said
    shown = re.findall(r"^(https://shop\.exa\S*…\S*page/\d\d) ", said, re.MULTILINE)
    assert len(set(shown)) == 10
    assert "\nand 4 more\n" in text(counted)


def test_a_breakdown_has_a_column_for_the_unknown():
    said = text(sample(group_by=Dimension.CLIENT))
    assert re.search(r"^By client +opened +unknown +clicked +machines$", said, re.MULTILINE)
    assert re.search(r"^Apple +0 +30 +0 +0$", said, re.MULTILINE)
    assert re.search(
        r"^By client +open +unkn\. +click +mach\.$", text(sample(group_by=Dimension.CLIENT), width=40), re.MULTILINE
    )


@given(st.integers(1, 200))
def test_no_line_is_wider_than_asked_and_none_ends_in_blanks(width):
    for report in (sample(group_by=Dimension.CLIENT), EVIL_REPORT, Report(tally=Tally())):
        lines = text(report, width=width).splitlines()
        assert max(map(len, lines)) <= max(width, 40)
        assert all(line == line.rstrip() for line in lines)


def test_the_text_holds_no_control_characters():
    said = text(Report(tally=Tally(), title="a\x1b[31m\r\nb\x00", notes=["\x1b]0;x\x07"]))
    assert not [sign for sign in said if not sign.isprintable() and sign != "\n"]


def test_without_deliveries_the_text_says_so_and_shows_no_rate():
    said = text(tally([act("m")], [PERSON]))
    assert "not known, so there are no rates" in said
    assert "Open rate" not in said


def test_aggregate_opens_say_that_unique_is_not_measurable():
    said = text(tally([act("m", recipient=None)], [PERSON], deliveries=5))
    assert "unique not measurable" in said
    assert "Open rate" not in said


def test_a_click_taken_for_an_open_is_said():
    assert "A message that was clicked counts as opened here." in text(sample(clicks_are_opens=True))


# JSON and CSV


def test_json_has_every_figure_with_unit_and_denominator():
    found = json_reader.loads(json(sample(group_by=Dimension.VARIANT)))
    assert found["open_rate"]["people"] | {"low": 0, "high": 0} == {
        "name": "open rate, people seen",
        "value": 0.2,
        "numerator": 40,
        "denominator": 200,
        "unit": "messages",
        "of": "delivered",
        "low": 0,
        "high": 0,
        "confidence": 0.95,
    }
    assert found["clicks"]["hits"] == {"people": 13, "unknown": 0, "machines": 20, "total": 33}
    assert found["experiment"]["kind"] == "click"
    assert found["expired"] == {"open": 1}
    assert [row["value"] for row in found["by"]["variant"]] == ["a", "b"]
    assert found["links"][0]["label"] == "Pricing"
    assert found["links"][-1]["clicks"]["hits"]["total"] == 0


def test_csv_has_one_row_for_each_figure_and_no_formula():
    rows = list(csv_reader.DictReader(io.StringIO(csv(sample(group_by=Dimension.CLIENT)), newline="")))
    found = {(row["figure"], row["of"], row["unit"]): row for row in rows}
    assert found["opens", "", "messages"]["people"] == "40"
    assert found["open rate, people seen", "delivered", "messages"]["denominator"] == "200"
    assert found["clicks by link", "Pricing [1] (spring)", "messages"]["people"] == "12"
    assert found["opens by client", "Apple", "hits"]["unknown"] == "30"
    links = [Link(number=1, url=LINKS[0].url, label="=1+1")]
    assert "'=1+1" in csv(sample(links=links))


def test_all_forms_say_the_same():
    report = sample()
    found = json_reader.loads(json(report))
    people = found["opens"]["messages"]["people"]
    assert re.search(rf"Opens +messages +{people}\b", text(report))
    assert f"Opens, messages</th><td>{people}</td>" in html(report)
    would_say = "A tool that believes every hit would say 32 messages, 16.0 %."
    assert would_say in text(report)
    assert would_say in html(report).replace("\N{NO-BREAK SPACE}", " ")
    assert f"\r\nopens,,messages,{people}," in csv(report)


# The page


class Reader(HTMLParser):
    """Collect what a browser would make of the page."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.attrs, self.ids = [], [], []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attrs += [(tag, name, value) for name, value in attrs]
        self.ids += [value for name, value in attrs if name == "id"]


@pytest.mark.parametrize("report", [sample(), EVIL_REPORT, Report(tally=Tally())], ids=["sample", "hostile", "empty"])
def test_the_page_has_no_script_loads_nothing_and_closes_what_it_opens(report):
    page = _SHADOW.sub("", html(report))
    found = Reader(page)
    assert not {"script", "link", "object", "embed", "base", "form", "img", "iframe"} & set(found.tags)
    assert not [
        one for one in found.attrs if one[1].startswith("on") or one[1] in ("src", "href", "xlink:href", "action")
    ]
    assert "url(" not in page
    assert ("meta", "content", POLICY) in found.attrs
    assert len(found.ids) == len(set(found.ids))
    for tag in {*found.tags} - {"meta", "line", "rect", "circle", "polyline"}:
        assert page.count(f"</{tag}>") == found.tags.count(tag), tag


def test_everything_a_campaign_or_link_brings_is_escaped():
    page = html(EVIL_REPORT)
    assert "<script" not in page
    assert "alert(1)&lt;/script&gt;" in page


def test_the_map_holds_nothing_that_loads_or_runs():
    (inner,) = _SHADOW.findall(html(sample()))
    assert inner.startswith('<template shadowrootmode="closed">')
    assert "x.example" not in inner
    inside = Reader(inner)
    assert not {"script", "iframe", "link"} & set(inside.tags)
    assert inside.tags.count("template") == 1
    assert not [one for one in inside.attrs if one[1].startswith("on") or one[1] in ("href", "src", "background")]
    assert "color:green" in inner
    assert "p{color:red}" in inner
    assert "Hello &amp; welcome" in inner


def test_each_link_has_its_share_drawn_on_it():
    report = sample()
    drawn = click_map(NEWSLETTER, LINKS, findings(report).links)
    assert '<a style="color:blue;--mb:1.00" class="mb-link"><span class="mb-share">100.0 %</span>Pricing</a>' in drawn
    assert '<span class="mb-share">8.3 %</span><img alt="News" width="10">' in drawn
    assert "<a>off</a>" in drawn


def test_links_of_one_destination_are_told_apart_by_their_place():
    source = '<a href="https://example.com/">one</a>\n<a href="https://example.com/">two</a>'
    links = [Link(number=2, url="https://example.com/", line=2, column=10)]
    drawn = click_map(source, links, [])
    assert "<a>one</a>" in drawn
    assert 'class="mb-link"' in drawn.split("one</a>")[1]


@given(st.text("<>/a=\"' !-[]scriptylue&;:\\{}()\n\x00", max_size=80))
def test_no_newsletter_breaks_out_of_the_map(source):
    inside = Reader(click_map(source, [], []) or "<p>")
    assert not {"script", "iframe", "link", "object", "svg", "math", "base", "form"} & set(inside.tags)
    assert not [one for one in inside.attrs if one[1].startswith("on") or one[1] in ("href", "action", "background")]


@pytest.mark.parametrize(
    "style",
    [
        "background:url(https://x.example/a)",
        "background:URL ( https://x.example/a )",
        "background:u\\72l(https://x.example/a)",
        "background:image-set('https://x.example/a' 1x)",
        "width:expression(alert(1))",
        "behavior:url(x.htc)",
    ],
)
def test_a_style_that_would_load_something_is_left_out(style):
    drawn = click_map(f'<p style="{style}">x</p><style>p{{{style};color:red}}</style>', [], [])
    for part in ("x.example", "alert", "htc", "image-set"):
        assert part not in drawn


def test_a_newsletter_too_large_gets_no_map():
    assert click_map("x" * 2_000_001, LINKS, []) == ""


def test_the_chart_has_axes_a_name_tips_and_a_table():
    page = html(sample())
    assert 'role="img" aria-labelledby="opens-name"' in page
    assert page.count("<summary>As a table</summary>") == 2
    assert "an hour: 9 people, 30 unknown, 0 machines</title>" in page


@given(st.dictionaries(st.integers(0, 30_000), st.integers(1, 50), min_size=1, max_size=40))
def test_stretches_of_time_are_few_even_and_lose_nothing(found):
    hours = {NOON + timedelta(hours=hour): Split(people=number) for hour, number in found.items()}
    step, stretches = buckets(hours)
    assert len(stretches) <= 60
    assert sum(one.split.people for one in stretches) == sum(found.values())
    assert {after.start - before.start for before, after in pairwise(stretches)} <= {step}


def test_a_chart_of_nothing_is_nothing():
    assert time_chart("Opens", "o", {}) == ""


def test_the_page_explains_machines_the_experiment_and_every_number():
    page = unescape(html(sample()))
    for said in (
        "several links at once",
        "Judged with rules 1.",
        "Clicks decide",
        "How each number is defined",
        "Chapman",
        "A note.",
    ):
        assert said in page


def test_labels_belong_to_their_campaign_only():
    both = tally([act("m1", Kind.CLICK, link=1), act("m2", Kind.CLICK, link=2, campaign="autumn")], [PERSON, PERSON])
    rows = findings(Report(tally=both, links=[Link(number=2, url="https://example.com/other", label="Wrong")])).links
    assert {row.key: row.label for row in rows}[LinkKey("autumn", 2, LINKS[1].url)] == ""


def test_a_report_wants_a_time_zone():
    with pytest.raises(ConfigError, match="time zone"):
        Report(tally=Tally(), made_at=datetime(2026, 1, 1))


# Another language


@pytest.fixture
def said(monkeypatch):
    """Collect every string that a page says."""
    found, say = set(), Texts.say

    def listen(self, text, **values):
        found.add(text.pattern if isinstance(text, Sentence) else text)
        return say(self, text, **values)

    monkeypatch.setattr(Texts, "say", listen)
    return found


def test_german_has_every_string_of_the_page(said):
    """Signals of a host's own rules and names from the data are nobody's to translate."""
    for options in ({}, {"clicks_are_opens": True, "silent": 4}, {"since": NOON}, {"group_by": Dimension.CAMPAIGN}):
        html(sample(texts=GERMAN, **options))
    html(mailing(texts=GERMAN))
    html(Report(tally=Tally(), texts=GERMAN))
    assert {text for text in said if text not in GERMAN.words} <= {"apple mpp", ""}


def test_a_translation_keeps_the_places_of_the_original():
    places = re.compile(r"\{(\w+)\}")
    assert not [one for one, other in GERMAN.words.items() if {*places.findall(one)} != {*places.findall(other)}]


def test_numbers_and_days_are_written_as_the_language_writes_them():
    page = html(mailing(texts=GERMAN)).replace("\N{NO-BREAK SPACE}", " ")
    assert '<html lang="de">' in page
    for part in ("2.400", "03.03.2026 12:00", "Öffnungsrate", "0,51 %"):
        assert part in page
    assert "open rate" not in page


# What became of the mails, campaigns, groups


def mailing(**options):
    """Return the report of two campaigns of 1,200 mails each, with a provider's events."""
    found = []
    for campaign, opened in (("spring", 300), ("summer", 420)):
        sent = NOON - timedelta(hours=1)
        for number in range(1_200):
            fields = {
                "campaign": campaign,
                "recipient": f"u{number}",
                "sent_at": sent,
                "minutes": 60 * 24 * (campaign > "sp"),
            }
            found.append((act(f"{campaign}{number}", Kind.SENT, **fields), None))
            if number < opened:
                found.append((act(f"{campaign}{number}", **fields), PERSON))
            if number < 40:
                found.append((act(f"{campaign}{number}", Kind.CLICK, link=1, **fields), PERSON))
            if number >= 1_170:
                found.append((act(f"{campaign}{number}", Kind.BOUNCED, **fields), None))
            if 500 <= number < 506:
                found.append((act(f"{campaign}{number}", Kind.COMPLAINED, **fields), None))
    groups = {"provider": lambda who: "Gmail" if who < "u5" else f"own-{who}" if who == "u77" else "GMX"}
    return Report(tally=tally(found, groups=groups), title="Two", **options)


def test_all_forms_tell_what_became_of_the_mails():
    report = mailing()
    plain = text(report)
    assert re.search(r"^Bounced \(hard\) +60  2\.50 % of sent, interval ", plain, re.MULTILINE)
    assert re.search(r"^Spam complaints +12  0\.51 % of delivered, interval ", plain, re.MULTILINE)
    page = html(report).replace("\N{NO-BREAK SPACE}", " ")
    assert '<th scope="row">Bounced (hard)</th><td>60</td><td>2.50 %</td>' in page
    assert "Gmail asks for a complaint rate below 0.1 %" in page
    found = json_reader.loads(json(report))
    assert found["outcomes"]["bounced"] == found["outcome_rates"]["bounced"]["numerator"] == 60
    rows = {(row["figure"], row["of"]): row for row in csv_reader.DictReader(io.StringIO(csv(report), newline=""))}
    assert (rows["bounce rate", "sent"]["total"], rows["bounced", ""]["total"]) == ("60", "60")


def test_campaigns_stand_side_by_side_with_their_change():
    report = mailing()
    assert re.search(r"^spring +25\.6 % +3\.4 %$", text(report), re.MULTILINE)
    assert re.search(r"^summer +35\.9 % \+10\.3 +3\.4 % ~$", text(report), re.MULTILINE)
    found = json_reader.loads(json(report))["campaigns"]
    assert [(row["campaign"], row["delivered"]) for row in found] == [("spring", 1_170), ("summer", 1_170)]
    assert found[1]["open_change"]["points"] == pytest.approx(120 / 1_170)
    assert "+10.3 points" in html(report)
    assert "could be chance" in html(report)
    assert json_reader.loads(json(mailing(campaigns=False)))["campaigns"] == []


def test_groups_are_shown_and_small_ones_are_added_up():
    report = mailing()
    found = {
        row["value"]: row["opens"]["messages"]["people"] for row in json_reader.loads(json(report))["by"]["provider"]
    }
    assert found.keys() == {"Gmail", "other"}  # one small group alone would be the total less the others
    assert "By provider" in text(report)
    assert "own-u77" not in html(report) + text(report) + csv(report)


def test_with_a_minimum_no_table_of_any_form_shows_a_row_of_fewer():
    events = [act(f"m{n}", recipient=f"r{n}") for n in range(52)]
    places = {f"r{n}": "large" if n < 30 else "middle" if n < 50 else "tiny-place" for n in range(52)}
    counted = tally(events, [PERSON] * 52, deliveries=100, groups={"place": places.get})
    for write in (text, html, csv, json):
        shown, hidden = (write(Report(tally=counted, least_group=1, minimum=least)) for least in (0, 5))
        assert "tiny-place" in shown
        assert "tiny-place" not in hidden
    by = json_reader.loads(json(Report(tally=counted, least_group=1, minimum=5)))["by"]["place"]
    assert {row["value"]: row["opens"]["messages"]["people"] for row in by} == {"large": 30, "middle": 20}  # and 2


def test_with_a_minimum_no_hour_of_fewer_messages_is_drawn():
    """A bar of one is a person, and so is a cell of one in the map of weekdays and hours."""
    late = [act(f"late{n}", minutes=60 * (5 + n)) for n in range(8)]
    counted = tally([act(f"m{n}") for n in range(30)] + late, [PERSON] * 38)
    shown, hidden = (html(Report(tally=counted, minimum=least)) for least in (0, 5))
    heat = [re.findall(r'<td class="heat-\d+">(\d+)</td>', page) for page in (shown, hidden)]
    assert heat == [["30", *"11111111"], ["30"]]


def test_with_a_minimum_no_reason_and_no_remark_is_about_fewer_hits():
    def judged(name):
        signals = (Signal(name=name, weight=-1.0),)
        return Verdict(actor=Actor.HUMAN, confidence=0.9, version="1", signals=signals)

    events = [act(f"m{n}", recipient=f"r{n}") for n in range(40)]
    names = ["lag-late"] * 30 + ["sec-fetch"] * 8 + ["tiny-reason"] * 2
    counted = tally(events, map(judged, names))
    for least, reasons in ((0, {30, 8, 2}), (5, {30, 5})):
        report = Report(tally=counted, minimum=least)
        assert {row["hits"] for row in json_reader.loads(json(report))["reasons"]} == reasons
        assert reason_table(report, report.texts).count("<tr>") == 1 + len(reasons)
    counted = tally([act(f"m{n}", sent_at=None) for n in range(3)], [PERSON] * 3)
    marks = [json_reader.loads(json(Report(tally=counted, minimum=least)))["marks"] for least in (0, 5)]
    assert [[row["hits"] for row in found] for found in marks] == [[3], []]
    for write in (text, html, csv):
        shown, hidden = (write(Report(tally=counted, minimum=least)).split() for least in (0, 5))
        assert "together" not in hidden
        assert "sending:" in shown
        assert "sending:" not in hidden


def test_a_report_of_a_window_says_so_everywhere_and_gives_no_rate_of_what_was_delivered():
    report = mailing(since=NOON)
    for write in (text, html, csv):
        assert "Only events from 2026-03-02 12:00 UTC on are counted." in write(report).replace("\n  ", " ")
    found = json_reader.loads(json(report))
    assert found["since"] == "2026-03-02T12:00:00+00:00"
    assert (found["open_rate"], found["raw"]["opens"]["rate"], found["outcome_rates"]) == (None, None, {})


def test_what_is_missing_for_the_experiment_is_said_everywhere():
    events = [act("m1", variant="a"), act("m2", variant="b")]
    report = Report(tally=tally(events, [PERSON] * 2, deliveries=9))
    for write in (text, html, json):
        assert "it is not known how many messages of a, b were delivered" in write(report).replace("\n  ", " ")


def test_links_to_one_destination_are_added_up_and_told_apart():
    clicks = [act(f"m{n}", Kind.CLICK, link=n % 2 + 1).changed(url="https://x.example/a?n=1#b") for n in range(5)]
    links = [Link(number=n, url=f"https://x.example/a?n={n}", label="Read on") for n in (1, 2)]
    report = Report(tally=tally(clicks, [PERSON] * 5), links=links)
    assert [tuple(one)[:3] for one in findings(report).destinations] == [("https://x.example/a", 2, 5)]
    names = [row["of"] for row in csv_reader.DictReader(io.StringIO(csv(report), newline="")) if row["unit"] == "hits"]
    assert {"Read on [1] (spring)", "Read on [2] (spring)"} <= {*names}
    assert "n=1" not in text(report) + html(report) + json(report) + csv(report)


@pytest.mark.parametrize("first", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"])
def test_no_cell_is_taken_for_a_formula(first):
    title = f"{first}1+1"
    found = csv(Report(tally=tally([act("m", campaign=title)], [PERSON]), group_by=Dimension.CAMPAIGN))
    rows = [*csv_reader.reader(io.StringIO(found, newline=""))]
    assert not [
        cell for row in rows for cell in row if cell.startswith(first) and not cell[1:].replace(".", "").isdigit()
    ]
    assert [cell for row in rows for cell in row if cell == f"'{title}"]


@pytest.mark.parametrize(
    "before", [" ", "\u00a0", "\u3000", "\v", "\f", "\0", "\x85", "\u200b", "\ufeff", "\u2028", " \u200b "]
)
@pytest.mark.parametrize("sign", ["=", "＝", "﹢", "﹣", "﹫"])
def test_no_cell_hides_a_formula_behind_what_a_reader_may_leave_out(before, sign):
    assert safe_cell(f"{before}{sign}1+1") == f"'{before}{sign}1+1"
    assert safe_cell(f"{before}1+1") == f"{before}1+1"


@pytest.mark.parametrize(("value", "cell"), [(-5, -5), (-0.5, -0.5), (0, 0), (None, ""), ("", ""), ("-5", "'-5")])
def test_numbers_stay_numbers_in_a_sheet_and_nothing_is_an_empty_cell(value, cell):
    assert safe_cell(value) == cell
    assert csv_text(["a"], [[value]]).splitlines()[1].strip('"') == str(cell)


def test_a_logo_is_an_image_in_the_page_itself():
    logo = "data:image/png;base64,iVBORw0KGgo="
    assert f'<img class="logo" src="{logo}" alt="">' in html(Report(tally=Tally(), logo=logo))
    for wrong in (
        "https://x.example/a.png",
        'data:image/png;base64,"><script>',
        "data:image/png;base64," + "A" * 200_000,
    ):
        with pytest.raises(ConfigError, match="logo"):
            Report(tally=Tally(), logo=wrong)


@pytest.mark.parametrize(
    "broken", ["<![:", "<![ if !mso]>x", "<!--", "<a href=", "</", "<p" * 9, "\0<b>", "<select><option>"]
)
def test_no_newsletter_costs_the_report(broken):
    assert "How each number is defined" in html(sample(newsletter=broken))


def test_a_map_that_fails_costs_the_map_only(monkeypatch, caplog):
    def fail(*_):
        raise AssertionError("what only the newsletter knows")

    monkeypatch.setattr("mailbeacon.reporting.page.click_map", fail)
    page = html(sample())
    assert "The click map of this newsletter cannot be drawn." in page
    assert "How each number is defined" in page
    assert caplog.messages == ["the click map cannot be drawn: AssertionError"]


def test_image_maps_and_outlooks_links_have_badges():
    source = (
        '<map><area href="https://x.example/1" alt="Left"></map><!--[if mso]><v:roundrect href="https://x.example/2">'
        "</v:roundrect><![endif]--><p>end"
    )
    links = [
        Link(
            number=n,
            url=f"https://x.example/{n}",
            label=label,
            line=1,
            column=source.index(f"https://x.example/{n}") + 1,
        )
        for n, label in ((1, "Left"), (2, "Button"))
    ]
    drawn = click_map(source, links, [])
    assert '<span class="mb-share mb-none">Left –</span></map>' in drawn
    assert '<span class="mb-share mb-none">Button –</span><p>end' in drawn


def test_links_campaigns_and_variants_of_too_few_messages_are_not_shown():
    clicks = [act(f"m{n}", Kind.CLICK, link=1 + n // 20) for n in range(23)]  # 20 clicked link 1, three link 2
    few = act("a1", campaign="autumn")
    report = Report(tally=tally([*clicks, few], [PERSON] * 24), links=LINKS, newsletter=NEWSLETTER, minimum=5)
    found = findings(report)
    assert {row.name: row.count.messages.people for row in found.links} == {"Pricing": 20, "News": 0, "Never": 0}
    assert found.campaigns == ()
    assert found.comparison is None
    page = html(report)
    assert '<span class="mb-share mb-none">0</span><img alt="News"' in page  # as if nobody had clicked it
    assert [row.name for row in findings(Report(tally=report.tally, links=LINKS)).links] == ["Pricing", "News", "Never"]


def test_every_form_of_the_report_says_how_many_hits_were_not_recorded():
    """A row stands for more than itself once one mail was asked for without end."""
    found = [act("m1"), act("m2", unrecorded=511), act("m2", Kind.CLICK, link=1, unrecorded=7)]
    report = Report(tally=tally(found, [PERSON] * 3), made_at=NOON)
    for said in (text(report), html(report)):
        assert "511 opens beyond those of one message in one day" in said
        assert "7 clicks beyond those in one message in one day" in said
    assert "511 opens beyond" in csv(report)
    assert {"mark": "beyond", "kind": "open", "hits": 511} in json_reader.loads(json(report))["marks"]


def test_what_is_said_of_one_is_in_the_singular_and_in_german_too():
    from mailbeacon.reporting import singular

    for pattern, one in singular._ONE.items():
        several = singular.said_of(2, pattern)
        assert several.startswith("2 ")
        assert singular.said_of(1, pattern) == one
        assert one.startswith("1 ")
        assert GERMAN.say(singular.said_of(1, pattern)).startswith("1 ")
        assert GERMAN.say(singular.said_of(1, pattern)) != one
        assert {"opens", "clicks", "messages", "subscribers"}.isdisjoint(one.partition(":")[0].split()[:2])
