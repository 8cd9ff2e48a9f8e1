"""The sample newsletter the package ships: a real one's difficulties, and nothing that could reach anybody."""

from __future__ import annotations

import re
from base64 import b64decode
from collections import Counter
from importlib.resources import files
from urllib.parse import urlsplit

import html5lib
import pytest

import mailbeacon as mb
from mailbeacon.model import Channel, Place, SkipReason
from mailbeacon.reporting.clickmap import click_map
from tests.making import beacon

HTML = files("mailbeacon").joinpath("data", "newsletter.html").read_text("utf-8")
TEXT = files("mailbeacon").joinpath("data", "newsletter.txt").read_text("utf-8")
SPACE = "{http://www.w3.org/1999/xhtml}"


@pytest.fixture(scope="module")
def template() -> mb.Template:
    return beacon().compile(HTML, TEXT, campaign="sample")


def test_it_compiles_proved_and_without_a_warning(template):
    assert template.warnings == ()


def test_it_has_a_dozen_links_and_more_each_with_a_label(template):
    links = [link for link in template.links if link.channel is Channel.HTML]
    assert len(links) >= 12
    assert all(link.label for link in links)


def test_it_has_an_outlook_button_and_an_image_map(template):
    places = Counter(link.place for link in template.links)
    assert places[Place.VML] == 1
    assert places[Place.AREA] >= 1
    button = re.search(r"<!--\[if mso\]>(?:(?!<!\[endif\]).)*<v:roundrect [^>]*href=", HTML, re.DOTALL)
    assert button


def test_it_has_links_of_the_kinds_that_are_left_alone(template):
    reasons = {skipped.reason for skipped in template.skipped}
    assert {SkipReason.UNSUBSCRIBE, SkipReason.ANCHOR, SkipReason.NOT_HTTP, SkipReason.OPT_OUT} <= reasons


def test_every_host_is_one_that_belongs_to_nobody():
    for url in re.findall(r'(?:href|src)="(https?:[^"]+)"', HTML) + re.findall(r"https?://\S+", TEXT):
        assert (urlsplit(url).hostname or "").endswith(".example.com"), url
    assert re.findall(r"@([\w.-]+\.com)", HTML) == ["lanternstreet.example.com"]


def test_every_image_has_a_text_a_size_and_tables_are_marked_as_layout():
    tree = html5lib.parse(HTML)
    images = list(tree.iter(f"{SPACE}img"))
    assert len(images) >= 5
    for image in images:
        assert image.get("alt")
        assert image.get("width")
        assert image.get("height")
    assert all(table.get("role") == "presentation" for table in tree.iter(f"{SPACE}table"))


def test_it_begins_with_a_hidden_preheader():
    body = HTML.partition("<body")[2].partition(">")[2].lstrip()
    assert body.startswith('<div style="display:none;')


def test_the_text_part_leads_to_the_same_places(template):
    html = {link.url for link in template.links if link.channel is Channel.HTML}
    text = {link.url for link in template.links if link.channel is Channel.TEXT}
    assert len(text) >= 10
    assert text <= html  # what is opted out in the HTML is so in the text
    assert max(len(line) for line in TEXT.splitlines() if "://" not in line) <= 78


def test_its_pictures_come_with_it_so_that_it_looks_whole_without_a_network():
    """In the report's click map too, which shows nothing from outside."""
    sources = [image.get("src") or "" for image in html5lib.parse(HTML).iter(f"{SPACE}img")]
    for source in sources:
        kind, _, data = source.partition(";base64,")
        assert kind == "data:image/webp"
        assert b64decode(data, validate=True)[8:12] == b"WEBP"
    drawn = click_map(HTML, (), ())
    assert [source for source in sources if source not in drawn] == []
    assert len(HTML.encode()) < 20_000


@pytest.mark.parametrize("width", [320, 375, 400, 620, 900])
def test_it_is_as_wide_as_the_screen_and_no_wider(browser, width):
    page = browser.new_page(viewport={"width": width, "height": 800})
    page.set_content(HTML)
    assert page.evaluate("document.documentElement.scrollWidth") == width
    page.close()
