"""The page in a browser: no console error, no request leaves, nothing overflows, and axe-core finds no fault.

Needs Chromium, Playwright and axe-core: ``MAILBEACON_CHROMIUM`` names the first (or it is found by name),
``MAILBEACON_AXE`` the file ``axe.min.js`` (or it is taken from axe-playwright-python).
"""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from mailbeacon.counting import tally
from mailbeacon.model import Actor, Facts, Kind, Link, Signal, Verdict
from mailbeacon.reporting import Report, to_html
from mailbeacon.reporting.clickmap import click_map
from mailbeacon.reporting.content import findings
from tests.making import NOON, hit

pytestmark = pytest.mark.browser
LABELS = ["Read on", "Pricing", "<b>Bold</b>", "Leave a comment", "A very long label " * 8]
LINKS = [Link(number=n, url=f"https://example.com/{n}?q={'x' * 90}", label=label) for n, label in enumerate(LABELS, 1)]
NEWSLETTER = (
    '<html><head><style>@import "https://x.invalid/a.css";td{background:url(https://x.invalid/b.png)}</style>'
    "<script>fetch('https://x.invalid/c')</script></head><body onload='alert(1)' background='https://x.invalid/d.png'>"
    "<table><tr><td style='background:url(https://x.invalid/e.png)'><img src='https://x.invalid/f.png' alt='A picture'>"
    + "".join(f'<p><a href="{link.url}">{link.label}</a></p>' for link in LINKS)
    + "<video src='https://x.invalid/g' autoplay></video><svg><image href='https://x.invalid/h'/></svg></td></tr></table>"
)


def sample():
    source = random.Random(4)
    events, verdicts = [], []
    clients = {
        Actor.HUMAN: "Outlook",
        Actor.PRIVACY_PROXY: "Apple Mail Privacy Protection",
        Actor.SCANNER: "<i>bot</i>",
    }
    for number in range(600):
        actor = source.choice(list(clients))
        kind = Kind.CLICK if actor != Actor.PRIVACY_PROXY and source.random() < 0.4 else Kind.OPEN
        link = source.choice(LINKS) if kind == Kind.CLICK else None
        events.append(
            hit(
                f"m{number % 300}",
                kind,
                minutes=source.expovariate(1 / 2000),
                recipient=f"u{number % 300}",
                variant="ab"[number % 2],
                link=link.number if link else None,
                url=link.url if link else "",
                facts=Facts(client=clients[actor], system="Windows", device="desktop", country="DE"),
            )
        )
        verdicts.append(Verdict(actor=actor, signals=(Signal(name="burst", weight=2.0),), version="rules 1"))
    counted = tally(events, verdicts, deliveries={("spring", "a"): 250, ("spring", "b"): 250})
    return Report(
        tally=counted, title="Spring <script>alert(1)</script>", links=LINKS, newsletter=NEWSLETTER, made_at=NOON
    )


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(to_html(sample()), encoding="utf-8")
    return path.as_uri()


LOOKS = [
    pytest.param(1100, {"color_scheme": "light"}, id="light"),
    pytest.param(1100, {"color_scheme": "dark"}, id="dark"),
    pytest.param(800, {"media": "print"}, id="print"),
    pytest.param(400, {"color_scheme": "light"}, id="400 pixels wide"),
]


@pytest.fixture
def page(browser, address, request):
    width, media = request.param
    context = browser.new_context(viewport={"width": width, "height": 800})
    page = context.new_page()
    page.said, page.asked = [], []
    page.on("console", lambda message: page.said.append(message.text))
    page.on("pageerror", lambda error: page.said.append(str(error)))
    page.on("request", lambda request: page.asked.append(request.url))
    page.emulate_media(**media)
    page.goto(address)
    page.wait_for_load_state("networkidle")
    yield page
    context.close()


looks = pytest.mark.parametrize("page", [pytest.param(look.values, id=look.id) for look in LOOKS], indirect=True)


@looks
def test_nothing_is_said_on_the_console_no_request_leaves_and_nothing_overflows(page, address):
    assert page.said == []
    assert page.asked == [address]
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


@looks
def test_no_word_of_a_chart_covers_another(page, address):
    page.goto(address)
    boxes = page.evaluate(
        """[...document.querySelectorAll('figure > svg')].flatMap((svg, number) => [...svg.querySelectorAll('text')]
            .map(text => [text.textContent, text.getBoundingClientRect()]).filter(([, box]) => box.width)
            .map(([said, box]) => [number, said, box.left, box.top, box.right, box.bottom]))"""
    )
    assert boxes
    met = [
        (one[1], other[1])
        for place, one in enumerate(boxes)
        for other in boxes[:place]
        if one[0] == other[0]
        and one[2] < other[4]
        and other[2] < one[4]
        and one[3] < other[5] - 1
        and other[3] < one[5] - 1
    ]
    assert met == []


@looks
def test_axe_reports_no_violation(page, need):
    named = os.environ.get("MAILBEACON_AXE")
    axe = Path(named or need("axe_playwright_python", "checking accessibility").__file__)
    axe = axe if named else axe.with_name("axe.min.js")
    page.evaluate(axe.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run({resultTypes: ['violations']})")
    assert [(one["id"], one["nodes"][0]["html"]) for one in found["violations"]] == []


@looks
def test_the_click_map_is_drawn_whole_and_the_keyboard_reaches_tables_and_map(page):
    """It stands in the page itself, not in a frame, so that a print shows all of it."""
    assert page.evaluate("document.querySelector('.map').offsetHeight") > 40 * len(LINKS)
    assert page.evaluate("[...document.querySelectorAll('iframe')].length") == 0
    reached = set()
    for _ in range(100):  # a busy browser passes over some keys
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.className || document.activeElement.tagName"))
        if {"SUMMARY", "map"} <= reached:
            break
    assert {"SUMMARY", "map"} <= reached


def test_what_the_click_map_shows_of_a_newsletter(browser):
    page = browser.new_page()
    page.set_content(click_map(NEWSLETTER, LINKS, findings(sample()).links))
    assert page.locator(".mb-share").count() == len(LINKS)
    assert page.locator("script, img[src], [onload], svg, video").count() == 0
    page.close()
