"""The documentation as it is built, in a browser: sound for axe-core, of bearable length, and its search finds what people type.

``MAILBEACON_SITE`` names the folder that ``sphinx-build -b html docs FOLDER`` has filled, as ``.ci/run`` does; without it there
is no test here. ``MAILBEACON_LOOK`` names a folder for pictures.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

SITE = Path(os.environ.get("MAILBEACON_SITE") or "nowhere").resolve()
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


def check_the_search_finds_what_people_type(browser, word):
    page = _page(browser, 1280, "light", "index")
    page.goto(f"{(SITE / 'search.html').as_uri()}?q={word.replace(' ', '+')}")
    page.wait_for_selector("#search-results ul.search li a", timeout=20_000)
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
    test_the_search_finds_what_people_type = pytest.mark.parametrize("word", WORDS)(
        check_the_search_finds_what_people_type
    )
