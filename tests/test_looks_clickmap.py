"""The click map of newsletters of different make, in Chromium: each link has its badge, no badge covers what is written.

Ten newsletters of the shared corpus, each of another maker, and two of our own: an image map, and Outlook's VML button.
"""

from __future__ import annotations

import csv
import re
from itertools import islice
from pathlib import Path

import pytest

from mailbeacon.counting import tally
from mailbeacon.model import Actor, Kind, Link, Verdict
from mailbeacon.reporting import Report, to_html
from tests.making import beacon, hit

pytestmark = pytest.mark.browser
MAKERS = 10
OWN = {
    "image map": """<html><body><p>Hello</p><img src="a.png" usemap="#m" width="400" height="200" alt="Offers"><map name="m">
        <area shape="rect" coords="0,0,200,200" href="https://example.com/seeds" alt="Seeds">
        <area shape="rect" coords="200,0,400,200" href="https://example.com/bulbs" alt="Bulbs"></map>
        <p><a href="https://example.com/all">All of it</a></p></body></html>""",
    "VML button": """<html xmlns:v="urn:schemas-microsoft-com:vml"><body><table><tr><td><!--[if mso]>
        <v:roundrect href="https://example.com/shop" style="width:200px"><center>To the shop</center></v:roundrect><![endif]-->
        <!--[if !mso]><!--><a href="https://example.com/shop" style="background:#246;color:#fff;padding:9px">To the shop</a>
        <!--<![endif]--></td></tr></table><p>Or <a href="https://example.com/read">read on</a>.</p></body></html>""",
}
FOUND = """() => {
    const root = document.querySelector('.map').shadowRoot;
    const texts = [], walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    const isSeen = element => element.checkVisibility({opacityProperty: true, visibilityProperty: true});
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
        const parent = node.parentElement;
        if (!parent || !node.data.trim() || parent.closest('style, .mb-share') || !isSeen(parent)) continue;
        const range = document.createRange();
        range.selectNodeContents(node);
        texts.push(...[...range.getClientRects()].filter(box => box.width > 2 && box.height > 4));
    }
    const covers = (badge, text) => Math.min(badge.right, text.right) - Math.max(badge.left, text.left) > 2
        && Math.min(badge.bottom, text.bottom) - Math.max(badge.top, text.top) > 4;
    const badges = [...root.querySelectorAll('.mb-share')];
    const seen = badges.filter(isSeen).map(badge => badge.getBoundingClientRect());
    return {badges: badges.length, seen: seen.length, empty: seen.filter(box => !box.width || !box.height).length,
        covering: seen.filter(badge => texts.some(text => covers(badge, text))).length};
}"""


def newsletters(shared: Path) -> dict[str, str]:
    """Return of each maker the newsletter with the most links, of those with the most."""
    best: dict[str, tuple[int, str, str]] = {}
    with (shared / "corpus" / "manifest.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["kind"] == "html" and int(row["bytes"]) < 120_000:
                text = (shared / "corpus" / row["file"]).read_text("utf-8", "replace")
                mark = (len(re.findall(r'<a\s[^>]*href="https?:', text)), row["file"], text)
                best[row["repository"]] = max(best.get(row["repository"], mark), mark)
    most = sorted(best.items(), key=lambda one: (-min(one[1][0], 12), one[0]))
    found = ((maker, text) for maker, (_, _, text) in most if len(links_of(text)) >= 5)
    return dict(islice(found, MAKERS))


def links_of(newsletter: str) -> list[Link]:
    return list(beacon().compile(newsletter, campaign="spring", verify=False).links)


def page_of(newsletter: str) -> tuple[str, list[Link]]:
    """Return the report on a mailing whose every link was clicked, some by more people than others."""
    links = links_of(newsletter)
    events = [
        hit(f"m{number}", Kind.CLICK, recipient=f"u{number}", link=link.number, url=link.url)
        for link in links
        for number in range(1 + link.number % 7)
    ]
    counted = tally(events, [Verdict(actor=Actor.HUMAN)] * len(events), deliveries=90)
    return to_html(Report(tally=counted, title="Spring", links=links, newsletter=newsletter)), links


def look(browser, folder: Path, newsletter: str) -> tuple[dict[str, int], list[Link]]:
    text, links = page_of(newsletter)
    path = folder / "report.html"
    path.write_text(text.replace('shadowrootmode="closed"', 'shadowrootmode="open"'), encoding="utf-8")
    page = browser.new_page(viewport={"width": 1100, "height": 900})
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(path.as_uri())
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    found = page.evaluate(FOUND)
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert asked == [path.as_uri()]
    page.close()
    return found, links


@pytest.mark.parametrize("name", OWN)
def test_areas_of_an_image_and_buttons_of_outlook_have_their_badges(name, browser, tmp_path):
    found, links = look(browser, tmp_path, OWN[name])
    assert found == {"badges": len(links), "seen": len(links), "empty": 0, "covering": 0}
    assert len(links) == 3


def test_newsletters_of_ten_makers_have_a_badge_for_each_link(browser, shared, tmp_path):
    makers = newsletters(shared)
    assert len(makers) == MAKERS
    for maker, newsletter in makers.items():
        found, links = look(browser, tmp_path, newsletter)
        assert (found["badges"], found["empty"], found["covering"]) == (len(links), 0, 0), maker
        assert found["seen"] >= len(links) / 2, f"{maker}: of a few the newsletter itself hides one form or the other"
