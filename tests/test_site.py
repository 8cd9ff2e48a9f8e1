"""The documentation as it is built, in a browser: sound for axe-core, of bearable length, and its search finds what people type.

``MAILBEACON_SITE`` names the folder that ``sphinx-build -b html docs FOLDER`` has filled, as ``.ci/run`` does; without it there
is no test here. ``MAILBEACON_LOOK`` names a folder for pictures.
"""

from __future__ import annotations

import os
import re
import sys
from collections import Counter
from dataclasses import fields
from importlib import import_module
from pathlib import Path

import pytest
from pages import DOCS

from mailbeacon import errors
from mailbeacon.judging.classifier import DEFAULT_RULES
from mailbeacon.model import Hint, SkipReason, WarningKind
from mailbeacon.settings import Settings

SITE = Path(os.environ.get("MAILBEACON_SITE") or "nowhere").resolve()
PLAIN = {"head", "range", "prefetch"}
PAGES = ["index", "tutorials/your-first-tracked-newsletter", "how-to/respect-consent", "reference/settings"]
LOOKS = [(width, scheme) for width in (1280, 400) for scheme in ("light", "dark")]
LONGEST = 30_000
"""Pixels; whoever looks for something scrolls no further."""
WORDS = {
    "GDPR": "explanation/privacy-law",
    "consent": "how-to/respect-consent",
    "unsubscribe": "how-to/one-click-unsubscribe",
    "FastAPI": "how-to/answer-with-fastapi",
    "PostgreSQL": "",
    "Celery": "how-to/one-beacon-many-places",
    "export": "",
    "retention": "",
    "erase": "how-to/respect-consent",
    "dashboard": "",
    "Mailchimp": "",
    "pytracking": "how-to/move-from-pytracking",
    "django-mail-analytics": "how-to/move-from-django-mail-analytics",
    "ahoy_email": "how-to/move-from-ahoy_email",
    "Gmail": "explanation/does-it-work-with",
    "Outlook": "explanation/does-it-work-with",
    "Apple": "explanation/does-it-work-with",
    "blocked images": "explanation/questions",
    "phones": "explanation/questions",
    "accurate": "explanation/questions",
    "legal": "explanation/questions",
    "several opens": "explanation/questions",
    "webhook": "how-to/receive-webhooks",
    "SendGrid": "how-to/receive-webhooks",
    "nginx": "how-to/behind-nginx",
    "Flask": "how-to/send-with-flask-mail",
    "Django": "how-to/send-with-django",
    "DKIM": "how-to/before-dkim",
    "bot": "",
    "scanner": "",
    "proxy": "how-to/behind-nginx",
}
"""What people type, and the page that must be among what is found; empty for any."""


def _page(browser, width: int, scheme: str, name: str):
    page = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme).new_page()
    page.goto((SITE / f"{name}.html").as_uri())
    return page


def check_axe_finds_no_fault(browser, need, name, look):
    from axe_playwright_python.sync_playwright import Axe

    page = _page(browser, *look, name)
    found = Axe().run(page).response["violations"]
    assert [(one["id"], one["nodes"][0]["html"]) for one in found] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= look[0]
    if folder := os.environ.get("MAILBEACON_LOOK"):
        page.screenshot(path=Path(folder) / f"{name.replace('/', '-')}-{look[0]}-{look[1]}.png")
    page.context.close()


def check_no_page_is_too_long_or_too_wide(browser, width):
    page, wrong = _page(browser, width, "light", "index"), []
    for file in sorted(SITE.rglob("*.html")):
        if not {"_static", "_downloads"} & set(file.relative_to(SITE).parts):
            page.goto(file.as_uri())
            size = page.evaluate("[document.documentElement.scrollHeight, document.documentElement.scrollWidth]")
            if size[0] > LONGEST or size[1] > width:
                wrong.append((file.name, *size))
    page.context.close()
    assert wrong == []


_IN_CODE = re.compile(
    r'(<a [^>]*>|)<code class="docutils literal notranslate"(?: id="([^"]*)")?><span class="pre">([^<]*)<'
)


def _known() -> dict[str, tuple[str, str]]:
    sys.path[:0] = [str(DOCS)]
    try:
        return import_module("cross_links").targets()
    finally:
        del sys.path[0]


def check_every_setting_error_signal_hint_reason_and_warning_has_its_place():
    known = _known()
    names = [
        *(one.name for one in fields(Settings)),
        *errors.__all__,
        *(rule.name for rule in DEFAULT_RULES),
        *(f"{type(one).__name__}.{one.name}" for words in (Hint, SkipReason, WarningKind) for one in words),
    ]
    places = {
        page: set(re.findall(r'\bid="([^"]+)"', (SITE / f"{page}.html").read_text("utf-8")))
        for page, _ in known.values()
    }
    assert [name for name in names if name.rpartition(".")[2].lower() not in PLAIN and name not in known] == []
    assert [name for name, (page, anchor) in known.items() if anchor not in places[page]] == []


def check_words_are_linked_from_where_a_page_names_them():
    """In code style, the first time in a section; and figures in a sentence, the first time on a page."""
    known, unlinked, links = _known(), [], Counter()
    for file in SITE.rglob("*.html"):
        if "_static" in file.relative_to(SITE).parts:
            continue
        page = file.read_text("utf-8")
        links.update(re.findall(r'href="[^"]*?((?:settings|rules|rewriting|metrics|errors|model)\.html)?#', page))
        body = re.sub(r"<(h[1-6]|dt|pre)\b.*?</\1>", "", page, flags=re.DOTALL)
        told = _IN_CODE.findall(body)
        linked = {text.partition("=")[0].rpartition(".")[2] for link, own, text in told if link or own}
        named = {text.rpartition(".")[2] for _, _, text in told if text in known and ("_" in text or "-" in text)}
        unlinked += [(file.name, text) for text in sorted(named - linked)]
    assert unlinked == []
    assert min(links[f"{name}.html"] for name in ("settings", "rules", "rewriting", "metrics", "errors", "model")) >= 5


def check_every_link_within_the_site_leads_to_a_place():
    files = {file.resolve(): file.read_text("utf-8") for file in SITE.rglob("*.html") if "_static" not in file.parts}
    places = {file: set(re.findall(r'\bid="([^"]+)"', page)) for file, page in files.items()}
    wrong = []
    for file, page in files.items():
        for target in re.findall(r'href="([^":]*#[^"]+)"', page):
            path, _, anchor = target.partition("#")
            other = (file.parent / path).resolve() if path else file
            wrong += [(file.name, target)] if other in places and anchor not in places[other] else []
    assert wrong == []


def check_the_search_finds_what_people_type(browser, word):
    page = _page(browser, 1280, "light", "index")
    page.goto(f"{(SITE / 'search.html').as_uri()}?q={word.replace(' ', '+')}")
    page.wait_for_selector("#search-results ul.search li a")
    page.wait_for_function("document.querySelector('#search-results p.search-summary')?.innerText.includes('found')")
    links = [one.get_attribute("href") for one in page.locator("#search-results ul.search li a").all()]
    page.context.close()
    assert any(f"{WORDS[word]}.html" in (link or "") for link in links) or not WORDS[word], links


if SITE.is_dir():
    pytestmark = pytest.mark.browser
    test_axe_finds_no_fault = pytest.mark.parametrize("look", LOOKS, ids=str)(
        pytest.mark.parametrize("name", PAGES)(check_axe_finds_no_fault)
    )
    test_no_page_is_too_long_or_too_wide = pytest.mark.parametrize("width", [1280, 400])(
        check_no_page_is_too_long_or_too_wide
    )
    test_every_setting_error_signal_hint_reason_and_warning_has_its_place = (
        check_every_setting_error_signal_hint_reason_and_warning_has_its_place
    )
    test_words_are_linked_from_where_a_page_names_them = check_words_are_linked_from_where_a_page_names_them
    test_every_link_within_the_site_leads_to_a_place = check_every_link_within_the_site_leads_to_a_place
    test_the_search_finds_what_people_type = pytest.mark.parametrize("word", WORDS)(
        check_the_search_finds_what_people_type
    )
