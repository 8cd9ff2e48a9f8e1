"""A newsletter tool in Flask: sign-up with consent, sending through SMTP, opens and clicks, leaving, a report.

Run it with ``MAILBEACON_BASE_URL=http://127.0.0.1:5000/m flask --app flask_newsletter run``, with a mail server on
port 1025 (``python -m aiosmtpd -n -l 127.0.0.1:1025``). All that is of mailbeacon is marked by ``# tracking``.
"""

import os
import smtplib
from datetime import UTC, datetime
from email.message import EmailMessage

import flask

import mailbeacon as mb  # tracking
from mailbeacon.model import Leave, Purpose  # tracking
from mailbeacon.store import SqliteConsents  # tracking
from mailbeacon.web.figures import report_of  # tracking
from mailbeacon.web.flask import Mailbeacon  # tracking

FORM = """<!doctype html><title>Garden news</title><form method="post">
<label>Your address <input name="address" type="email"></label>
<label><input name="consent" type="checkbox"> You may count what I open and click</label><button>Sign up</button></form>"""
HTML = (
    """<p>Dear gardener,</p><p><a href="{site}/seeds">Sow seeds now</a></p><p><a href="{leave}">Unsubscribe</a></p>"""
)


def create_app(folder: str, mail_port: int = 1025) -> flask.Flask:
    """Make the application, with its files in a folder."""
    app = flask.Flask(__name__)
    people: dict[str, str] = {}  # your database: from a key to an address
    consents = SqliteConsents(f"{folder}/consents.sqlite")  # tracking

    def leave(left: Leave) -> None:
        people.pop(left.recipient, None)
        consents.record_leave(left)  # tracking

    app.config.update(  # tracking
        MAILBEACON_BASE_URL=os.environ["MAILBEACON_BASE_URL"],
        MAILBEACON_SECRET_KEYS=os.environ["MAILBEACON_SECRET_KEYS"],
        MAILBEACON_SINK=f"{folder}/events.sqlite",
        MAILBEACON_SPOOL=f"{folder}/spool",
        MAILBEACON_CONSENT=consents.allows,
        MAILBEACON_ON_LEAVE=leave,
    )
    tracking = Mailbeacon(app)  # tracking

    @app.route("/", methods=["GET", "POST"])
    def sign_up() -> str:
        if flask.request.method == "GET":
            return FORM
        key = f"u-{len(people) + 1}"
        people[key] = flask.request.form["address"]
        ticked = dict.fromkeys((Purpose.OPENS, Purpose.CLICKS), "consent" in flask.request.form)  # tracking
        consents.record_form(key, ticked, given_at=datetime.now(UTC), source="sign-up")  # tracking
        return "Thank you."

    @app.post("/send")
    def send() -> str:
        beacon, site = tracking.beacon, flask.request.host_url.rstrip("/")
        with smtplib.SMTP("127.0.0.1", mail_port) as server:
            for key, address in people.items():
                message = mb.Message(recipient=key, campaign="spring", sent_at=datetime.now(UTC))  # tracking
                email = EmailMessage()
                email["From"], email["To"], email["Subject"] = "news@garden.example", address, "Seeds"
                for name, value in beacon.leave_headers(message).items():  # tracking
                    email[name] = value
                leave_url = beacon.leave_url(message, mb.Action.UNSUBSCRIBE)  # tracking
                email.set_content(HTML.format(site=site, leave=leave_url), subtype="html")
                server.send_message(beacon.compose(email, message))  # tracking
        return f"Sent to {len(people)}."

    @app.route("/seeds")
    def seeds() -> str:
        return "<title>Seeds</title>Sow them now."

    @app.route("/report")
    def report() -> str:
        return report_of(tracking.beacon.settings.sink, "spring", as_page=True)  # tracking

    return app
