"""Rewritten mail as a reader sees it: in headless Chromium, to the pixel what it was before."""

from __future__ import annotations

from importlib.resources import files

import pytest

import mailbeacon as mb
from mailbeacon.cli.newsletter import load
from tests import making

pytestmark = pytest.mark.browser

BEACON = making.beacon()
REAL = [
    "bench/S.html",
    "bench/M.html",
    "bench/L.html",
    "html/4788310d82237436.html",
    "html/55ada522fd22d9a5.html",
    "html/7e01d800d9e36f23.html",
    "html/94108447804048e1.html",
    "html/cfe27497a9b36449.html",
    "eml/8072dc056f0b0e54.eml",
    "eml/b14d5dbd9fb4a7cd.eml",
    "eml/d6ea8da145b0361d.eml",
    "eml/e84e63af19202761.eml",
]


@pytest.fixture(scope="module")
def page(browser):
    """Yield a page that loads nothing from outside."""
    found = browser.new_page(viewport={"width": 1000, "height": 800})
    found.route("**/*", lambda route: route.abort())
    yield found
    found.close()


SETTLED = """async () => {
    await document.fonts.ready;
    const waiting = () => [...document.images].some(image => image.loading !== "lazy" && !image.complete);
    do { await new Promise(requestAnimationFrame) } while (waiting());
    await new Promise(requestAnimationFrame);
}"""
"""What a picture waits for: fonts, and every image refused, for its alternative text takes up room only then."""


def looks(page, html: str, height: int = 0) -> tuple[bytes, int]:
    """Return a picture of a whole document, or of its first ``height`` pixels, and its height."""
    page.set_content(html, wait_until="load")
    page.evaluate(SETTLED)
    whole = int(page.evaluate("Math.max(document.documentElement.scrollHeight, document.body.scrollHeight)"))
    clip = {"x": 0, "y": 0, "width": 1000, "height": height or whole}
    return page.screenshot(full_page=True, clip=clip), whole


def tracked(html: str) -> str:
    """Return a document with a pixel at its end and wrapped links, at least one."""
    template = BEACON.compile(html, campaign="spring", verify=False)
    assert template.links
    return template.render(mb.Message(recipient="u-17", campaign="spring"))


def same(page, html: str) -> None:
    """Check that there are two equal pictures."""
    before, height = looks(page, html)
    after, grown = looks(page, tracked(html), height)
    assert after == before
    assert grown - height <= 1


def test_the_sample_newsletter_looks_the_same(page):
    same(page, files("mailbeacon").joinpath("data", "newsletter.html").read_text("utf-8"))


@pytest.mark.parametrize("name", REAL)
def test_a_real_newsletter_looks_the_same(page, shared, name):
    same(page, load(shared / "corpus" / name).html)


def test_pictures_that_differ_are_told_apart(page):
    """Or the others could not fail."""
    with pytest.raises(AssertionError):
        same(page, '<style>a[href*="t.example.com"]{color:red}</style><a href="https://x.example/">x</a>')


PLAIN = "<style>p { margin: 0 }</style>"
SHEET = "<style>img { padding: 3px; margin: 5px; border: 2px solid } p { margin: 0 }</style>"


@pytest.mark.parametrize("where", ["top", "bottom"])
@pytest.mark.parametrize("sheet", [PLAIN, SHEET], ids=["a plain sheet", "a sheet for every image"])
def test_the_pixel_moves_what_a_reader_sees_by_one_pixel_at_most(page, where, sheet):
    """Whatever a sheet says of the room around images. (At the top it can keep a first margin from collapsing.)"""
    beacon = making.beacon(pixel=where)
    html = f"<html><head>{sheet}</head><body><p>Dear reader</p><p id=last><a href='https://x.example/'>Read</a></p></body></html>"
    done = beacon.rewrite(html, mb.Message(recipient="u-17", campaign="spring")).html
    places = []
    for text in (html, done):
        page.set_content(text, wait_until="load")
        page.evaluate(SETTLED)
        places.append(
            page.evaluate("[document.getElementById('last').getBoundingClientRect().top, document.body.scrollHeight]")
        )
    (before, height), (after, grown) = places
    assert abs(after - before) <= 1
    assert grown - height <= 1
