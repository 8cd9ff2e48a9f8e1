"""Beside django-anymail: the same posts, what each says of them, and its signal as a way in."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import defaultdict
from datetime import timedelta
from types import SimpleNamespace

import pytest
from hooks import BEACON, FIREFOX, MARK, NOW
from pages import DOCS, ROOT

import mailbeacon as mb
from mailbeacon import webhooks
from mailbeacon.errors import WebhookError
from mailbeacon.webhooks import PROVIDERS

TESTS = ROOT / "tests"
PLAIN = ["sent", "delivered", "soft bounce", "hard bounce", "rejected", "complaint", "unsubscribe", "open", "click"]
SAME = {"unsubscribe": "unsubscribed", "open": "opened", "click": "clicked"}


@pytest.fixture(scope="module")
def both(need):
    """Return what both say, from a program of its own."""
    need("anymail", "comparing with django-anymail")
    done = subprocess.run(
        [sys.executable, "anymail_posts.py"],
        cwd=TESTS,
        env={**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{TESTS}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2_000:]
    return json.loads(done.stdout)


def test_every_post_of_ours_is_read_by_anymail_too(both):
    """So the made-up posts have the shape that another project reads, and signatures it accepts."""
    rows = both["rows"]
    assert len(rows) == 13
    for name, posts in rows.items():
        for what, row in posts.items():
            assert row is None or len(row["anymail"]) == 1, (name, what)
        assert posts["delivered"]["ours"]["kind"] == "delivered"
        assert posts["hard bounce"]["anymail"] == ["bounced"]


def test_the_signal_gives_the_same_event_as_the_receiver_does(both):
    """Also with the same id, and with what the signal drops; the provider may be told by its fields."""
    for name, posts in both["rows"].items():
        for what, row in posts.items():
            if row is not None:
                assert row["through"] == row["guessed"] == [row["ours"]], (name, what)


def test_a_post_altered_on_the_way_is_refused_wherever_something_is_signed(both):
    """But for Mailgun, which signs no body. anymail does not check SES."""
    taken = {name for name, who in both["altered"].items() if who["ours"]}
    assert taken == {"mailgun", "postmark", "sparkpost", "brevo", "mailjet"}
    assert both["altered"]["ses"]["anymail"]


def table(both: dict) -> str:
    """Return the table of the how-to: the posts that the two do not say the same of."""
    found: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for name, posts in both["rows"].items():
        for what, row in posts.items():
            if row is None or (what not in PLAIN and not row["ours"]["hints"]):
                continue  # a flag that the provider does not have
            [theirs], ours = row["anymail"], row["ours"]
            shown = ours["kind"] + (f", {ours['actor']}" if ours["hints"] else "")
            if theirs != SAME.get(ours["kind"], ours["kind"]) or ours["hints"]:
                found[what, theirs, shown].append(PROVIDERS[name].title)
    found["recipient altered on the way", "delivered", "forged"] = ["Amazon SES"]
    rows = [
        f"| {what} | {', '.join(names)} | {theirs} | {ours} |" for (what, theirs, ours), names in sorted(found.items())
    ]
    return "\n".join(["| what was posted | by | anymail 15.2 | mailbeacon |", "|---|---|---|---|", *rows])


def test_the_how_to_shows_what_the_two_say(both):
    assert table(both) in (DOCS / "how-to" / "receive-webhooks.md").read_text("utf-8")


def tracked(**changes: object) -> SimpleNamespace:
    """Return a tracking event of a provider that this package does not know."""
    fields = {
        "event_type": "delivered",
        "timestamp": NOW - timedelta(minutes=1),
        "event_id": "1",
        "esp_event": {"some": "thing"},
        "recipient": "ada@example.com",
        "metadata": MARK,
        "tags": [],
        "click_url": None,
        "user_agent": None,
        "message_id": "m",
    }
    return SimpleNamespace(**{**fields, **changes})


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({}, mb.Kind.DELIVERED),
        ({"event_type": "bounced"}, mb.Kind.BOUNCED),
        ({"event_type": "failed"}, mb.Kind.REJECTED),
        ({"event_type": "opened", "user_agent": FIREFOX}, mb.Kind.OPEN),
        ({"event_type": "clicked", "click_url": "https://shop.example.com/"}, mb.Kind.CLICK),
        ({"esp_event": None}, mb.Kind.DELIVERED),
        ({"event_type": "queued"}, None),
        ({"event_type": "whatever"}, None),
        ({"timestamp": None}, None),
        ({"metadata": {}}, None),
        ({"metadata": None, "tags": [MARK["mailbeacon"]]}, mb.Kind.DELIVERED),
    ],
)
def test_a_provider_that_anymail_alone_knows_is_taken_as_anymail_says(changes, kind):
    found = webhooks.anymail.event(tracked(**changes), BEACON, esp_name="Pigeon", kinds="all")
    assert (found and found.kind) == kind
    if found is not None:
        assert (found.source, found.recipient) == ("anymail", "u-17")
        assert "@" not in found.to_json()


def test_a_host_that_cannot_name_a_reader_now_stops_the_signal():
    """anymail then answers 500, and the provider posts again."""

    def down(address: str) -> str:
        raise ConnectionError(address)

    with pytest.raises(WebhookError):
        webhooks.anymail.event(tracked(metadata={}), BEACON, recipient_of=down)
