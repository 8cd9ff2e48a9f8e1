"""The pixel moves nothing a reader sees by more than a pixel, laid out in headless Chromium with and without it."""

from __future__ import annotations

import pytest

import mailbeacon as mb
from mailbeacon.errors import RewriteError
from tests.corpus import documents
from tests.test_looks import SETTLED

pytestmark = pytest.mark.browser

PIXEL = "https://t.example.com/m/o/"
MESSAGE = mb.Message(recipient="u-17", campaign="spring")
BEACONS = {
    place: mb.Beacon("https://t.example.com/m", secret_keys=["a key of sixteen signs"], pixel=place, only=["^never:"])
    for place in ("top", "bottom")
}
GIF = bytes.fromhex("47494638396101000100800000000000ffffff21f90401000000002c00000000010001000002024401003b")
SAMPLE = 12
"""Every so manyeth document of the corpus is laid out; all of them take minutes."""

PLACES = """pixel => {
    const found = [], images = [];
    for (const element of document.querySelectorAll("body *")) {
        const box = element.getBoundingClientRect();
        const edges = element.getClientRects().length ? [box.left, box.top, box.right, box.bottom] : [];
        if (element.matches(`img[src^="${pixel}"]`)) images.push(box.width, box.height); else found.push(edges);
    }
    const root = document.documentElement;
    return {found, size: [root.scrollWidth, root.scrollHeight], images};
}"""
"""The edges of each element but the pixel, the size of the page, and the pixel's own."""


@pytest.fixture(scope="module", params=[1000, 400], ids=["a desk's width", "a telephone's width"])
def page(browser, request):
    """Yield a page that loads nothing from outside but the pixel."""
    found = browser.new_page(viewport={"width": request.param, "height": 800})

    def answer(route):
        if route.request.url.startswith(PIXEL):
            route.fulfill(body=GIF, content_type="image/gif")
        else:
            route.abort()

    found.route("**/*", answer)
    yield found
    found.close()


def laid_out(page, html: str) -> dict[str, list]:
    """Return where everything stands."""
    page.set_content(html, wait_until="load")
    page.evaluate(SETTLED)
    return page.evaluate(PLACES, PIXEL)


def shift(page, html: str, place: str) -> float:
    """Return by how many pixels the pixel moves any edge of anything, or makes the page larger."""
    done = BEACONS[place].rewrite(html, MESSAGE).html
    before, after = laid_out(page, html), laid_out(page, done)
    assert [bool(box) for box in after["found"]] == [bool(box) for box in before["found"]]
    assert all(size <= 1 for size in after["images"])
    assert bool(after["images"]) is (done != html)
    edges = [
        (a, b) for one, two in zip(before["found"], after["found"], strict=True) for a, b in zip(one, two, strict=True)
    ]
    return max(abs(a - b) for a, b in [*edges, *zip(before["size"], after["size"], strict=True)])


@pytest.mark.parametrize("place", BEACONS)
@pytest.mark.parametrize(
    "sheet",
    [
        pytest.param("", id="none: margins of the first and the last paragraph collapse with the body's"),
        pytest.param("img { padding: 3px; margin: 5px; border: 2px solid }", id="room around every image"),
        pytest.param("img { min-height: 40px }", id="a least height"),
        pytest.param("img { display: inline-block; vertical-align: middle }", id="images in the line"),
        pytest.param("img { width: 100% !important; height: auto !important }", id="images as wide as the screen"),
        pytest.param("img { max-width: 600px !important; width: 100% !important }", id="the same to a limit"),
        pytest.param("body { display: flex; flex-direction: column; gap: 20px }", id="a flex box with gaps"),
        pytest.param("body { display: grid; gap: 20px }", id="a grid with gaps"),
        pytest.param("body { display: flex; justify-content: space-between }", id="a flex box in a row"),
        pytest.param("body { text-align: center; line-height: 40px; font-size: 30px }", id="tall lines"),
    ],
)
def test_no_sheet_makes_the_pixel_move_anything(page, place, sheet):
    """Not by more than one pixel, whatever the sheet says of images or of the body."""
    html = (
        f"<html><head><style>{sheet}</style></head><body><h1>Dear reader</h1><p>Read <a href='https://x.example/'>this</a>"
        "</p><table width='100%'><tr><td>Good-bye</td></tr></table><p>The end</p></body></html>"
    )
    assert shift(page, html, place) <= 1


@pytest.mark.parametrize("html", ["words alone", "<p>a</p>", "<b>a</b> word <table><tr><td>x</td></tr></table>"])
@pytest.mark.parametrize("place", BEACONS)
def test_nothing_in_a_fragment_moves(page, place, html):
    """What has no body is no less a mail."""
    assert shift(page, html, place) <= 1


@pytest.mark.parametrize("place", BEACONS)
def test_nothing_in_real_mail_moves(page, shared, place):
    """Over a sample of the corpus."""
    moved = {}
    for document in list(documents(shared))[::SAMPLE]:
        try:
            found = shift(page, document.text, place)
        except RewriteError:
            continue
        if found > 1:
            moved[document.name] = found
    assert not moved
