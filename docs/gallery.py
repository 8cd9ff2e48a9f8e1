"""Make the report shown in the gallery, from made-up readers: ``python docs/gallery.py [PICTURES]``.

Writes ``docs/_static/report.html``, which is made anew with every build of the documentation and not kept. Given a folder, it
also takes pictures of the page's first half in light and dark, for which Playwright and Chromium must be there.
"""

from __future__ import annotations

import os
import shutil
import sys
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path

import mailbeacon as mb
from mailbeacon import fake, reporting

PAGE = Path(__file__).parent / "_static" / "report.html"
RECIPIENTS = 4000
SEED = 5
SENT = datetime(2026, 11, 17, 9, tzinfo=UTC)
WIDTH, HEIGHT = 1000, 1250


def variant(name: str) -> str:
    """Return a made-up recipient's subject line: every other one."""
    return "frost" if int(name[-1]) % 2 else "seeds"


def report() -> str:
    """Return the report of a made-up mailing to a consumer list; the same in every run."""
    beacon = mb.Beacon("https://t.example.com/m", secret_keys=[b"a key for examples only"])
    newsletter = files("mailbeacon").joinpath("data", "newsletter.html").read_text("utf-8")
    template = beacon.compile(newsletter, campaign="november")
    hits = fake.simulate(
        beacon, template, fake.CONSUMER, recipients=RECIPIENTS, seed=SEED, sent_at=SENT, variant=variant
    )
    events = [event for event, _ in fake.to_events(hits, beacon)]
    half = RECIPIENTS // 2
    deliveries = {("november", "frost"): half, ("november", "seeds"): half}
    tally = mb.tally(events, mb.classify_all(events), deliveries=deliveries)
    return reporting.to_html(
        reporting.Report(
            tally=tally,
            title="A made-up mailing",
            links=template.links,
            newsletter=newsletter,
            notes=[f"{RECIPIENTS:,} readers of mailbeacon.fake, audience consumer, seed {SEED}."],
        )
    )


def write() -> None:
    """Write the page."""
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(report(), "utf-8")


def pictures(folder: Path) -> None:
    """Take the pictures of the page down to its charts, with few colours so that they stay small."""
    from PIL import Image
    from playwright.sync_api import sync_playwright

    browser_path = os.environ.get("MAILBEACON_CHROMIUM") or shutil.which("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path, args=["--no-sandbox"])
        for scheme in ("light", "dark"):
            page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}, color_scheme=scheme)
            page.goto(PAGE.as_uri())
            file = folder / f"report-{scheme}.png"
            end = page.locator("section", has_text="Over time").first.bounding_box() or {"y": 0, "height": HEIGHT}
            clip = {"x": 0, "y": 0, "width": WIDTH, "height": end["y"] + end["height"] + 24}
            page.screenshot(path=file, clip=clip, full_page=True)
            Image.open(file).convert("RGB").quantize(64).save(file, optimize=True)
        browser.close()


if __name__ == "__main__":
    write()
    if len(sys.argv) > 1:
        pictures(Path(sys.argv[1]))
