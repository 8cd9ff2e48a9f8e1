"""The pages for leaving in a browser: by the keyboard alone, on a narrow screen, in the dark, and without a fault axe finds.

Needs Chromium, Playwright and axe-core, as ``test_reporting_browser`` does. ``MAILBEACON_LOOK`` names a folder for pictures.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIServer, make_server

import pytest
from servers import QuietHandler, serving

import mailbeacon as mb
from mailbeacon.replying.texts import TEXTS
from mailbeacon.web import wsgi
from tests import making

pytestmark = pytest.mark.browser
MESSAGE = mb.Message(recipient="u-17", campaign="spring", sent_at=datetime(2026, 11, 23, 9, tzinfo=UTC))
LOOKS = [
    pytest.param((1100, "light", "en"), id="light"),
    pytest.param((1100, "dark", "de"), id="dark"),
    pytest.param((400, "light", "fr"), id="400 pixels wide"),
    pytest.param((400, "dark", "it"), id="400 pixels wide and dark"),
]


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True  # a browser keeps connections that it never uses


@pytest.fixture(scope="module")
def host():
    left = []
    server = make_server("127.0.0.1", 0, None, _Server, QuietHandler)
    base = f"http://127.0.0.1:{server.server_port}/m"
    beacon = making.beacon(base_url=base, on_leave=left.append)
    server.set_app(wsgi.application(beacon))
    with serving(server):
        yield beacon, left


@pytest.fixture
def page(browser, request):
    width, scheme, language = request.param
    context = browser.new_context(
        viewport={"width": width, "height": 700}, color_scheme=scheme, locale=language, java_script_enabled=True
    )
    page = context.new_page()
    page.said, page.language, page.look = [], language, f"{width}-{scheme}"
    page.on("console", lambda message: page.said.append(message.text))
    page.on("pageerror", lambda error: page.said.append(str(error)))
    yield page
    context.close()


def look_at(page, name):
    """Keep a picture where somebody wants to look."""
    if folder := os.environ.get("MAILBEACON_LOOK"):
        page.screenshot(path=Path(folder) / f"{name}-{page.look}.png")


@pytest.mark.parametrize("page", LOOKS, indirect=True)
@pytest.mark.parametrize("action", mb.Action)
def test_a_reader_leaves_by_the_keyboard_alone_and_axe_finds_no_fault_on_either_page(page, host, action, need):
    beacon, left = host
    words = TEXTS[page.language][action]
    before = len(left)
    page.goto(beacon.leave_url(MESSAGE, action))
    assert page.title() == page.locator("h1").inner_text() == words.title
    assert page.locator("html").get_attribute("lang") == page.language
    _check(page, need)
    for _ in range(100):  # a busy browser passes over some keys
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.tagName") != "BODY":
            break
    assert page.evaluate("document.activeElement.tagName") == "BUTTON"
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    look_at(page, f"{action}-ask")
    assert len(left) == before
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert page.locator("h1").inner_text() == words.done_title
    assert page.locator("button").count() == 0
    assert [leave.action for leave in left[before:]] == [action]
    _check(page, need)
    look_at(page, f"{action}-done")


@pytest.mark.parametrize("page", LOOKS[:1], indirect=True)
def test_a_link_that_is_not_complete_is_told_of_on_a_sound_page_too(page, host, need):
    beacon, _ = host
    page.goto(beacon.leave_url(MESSAGE, mb.Action.UNSUBSCRIBE)[:-1])
    assert page.locator("h1").inner_text() == "Not found"
    page.said.clear()  # the browser's own word on a 404
    _check(page, need)


def _check(page, need):
    named = os.environ.get("MAILBEACON_AXE")
    axe = Path(named or need("axe_playwright_python", "checking accessibility").__file__)
    axe = axe if named else axe.with_name("axe.min.js")
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert page.said == []
    page.evaluate(axe.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run({resultTypes: ['violations']})")
    assert [(one["id"], one["nodes"][0]["html"]) for one in found["violations"]] == []
