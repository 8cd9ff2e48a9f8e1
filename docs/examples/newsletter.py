"""What the example hosts have in common, and what is not of mailbeacon: people, pages and the text of the mail."""

import os

FOLDER = os.environ.get("FOLDER", ".")
"""Where a host keeps its files."""
MAIL_PORT = int(os.environ.get("MAIL_PORT", "1025"))
FROM = "news@garden.example"
FORM = """<!doctype html><title>Garden news</title><form method="post">
<label>Your address <input name="address" type="email"></label>
<label><input name="consent" type="checkbox"> You may count what I open and click</label><button>Sign up</button></form>"""
SEEDS = "<title>Seeds</title>Sow them now."
people: dict[str, str] = {}
"""Your database: from a key to an address."""


def sign_up(address: str) -> str:
    """Add a reader, and return the key."""
    key = f"u-{len(people) + 1}"
    people[key] = address
    return key


def letter(site: str, leave_url: str) -> str:
    """Return the mail's HTML."""
    links = f'<p><a href="{site}/seeds">Sow seeds now</a></p><p><a href="{leave_url}">Unsubscribe</a></p>'
    return f"<p>Dear gardener,</p>{links}"
