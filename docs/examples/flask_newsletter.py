"""A newsletter tool in Flask: sign-up with consent, sending through SMTP, opens and clicks, leaving, a report.

Run it with ``MAILBEACON_BASE_URL=http://127.0.0.1:5000/m MAILBEACON_SECRET_KEYS=… flask --app flask_newsletter run``, with a
mail server on port 1025 (``python -m aiosmtpd -n -l 127.0.0.1:1025``). All that is of mailbeacon is marked by ``# tracking``.
"""

import os
import smtplib
from datetime import UTC, datetime
from email.message import EmailMessage

import flask
from newsletter import FOLDER, FORM, FROM, MAIL_PORT, SEEDS, letter, people, sign_up

import mailbeacon as mb  # tracking
from mailbeacon.model import Leave, Purpose  # tracking
from mailbeacon.store import SqliteConsents  # tracking
from mailbeacon.web.figures import report_of  # tracking
from mailbeacon.web.flask import Mailbeacon  # tracking


def create_app() -> flask.Flask:
    """Make the application."""
    app = flask.Flask(__name__)
    consents = SqliteConsents(f"{FOLDER}/consents.sqlite")  # tracking

    def leave(left: Leave) -> None:
        people.pop(left.recipient, None)
        consents.record_leave(left)  # tracking

    app.config.update(  # settings
        MAILBEACON_BASE_URL=os.environ["MAILBEACON_BASE_URL"],
        MAILBEACON_SECRET_KEYS=os.environ["MAILBEACON_SECRET_KEYS"],
        MAILBEACON_SINK=f"{FOLDER}/events.sqlite",
        MAILBEACON_SPOOL=f"{FOLDER}/spool",
        MAILBEACON_CONSENT=consents.allows,
        MAILBEACON_ON_LEAVE=leave,
    )
    tracking = Mailbeacon(app)  # tracking

    @app.route("/", methods=["GET", "POST"])
    def sign() -> str:
        if flask.request.method == "GET":
            return FORM
        key = sign_up(flask.request.form["address"])
        ticked = dict.fromkeys((Purpose.OPENS, Purpose.CLICKS), "consent" in flask.request.form)  # tracking
        consents.record_form(key, ticked, given_at=datetime.now(UTC), source="sign-up")  # tracking
        return "Thank you."

    @app.post("/send")
    def send() -> str:
        beacon, site = tracking.beacon, flask.request.host_url.rstrip("/")
        with smtplib.SMTP("127.0.0.1", MAIL_PORT) as server:
            for key, address in people.items():
                message = mb.Message(recipient=key, campaign="spring", sent_at=datetime.now(UTC))  # tracking
                email = EmailMessage()
                email["From"], email["To"], email["Subject"] = FROM, address, "Seeds"
                for name, value in beacon.leave_headers(message).items():  # tracking
                    email[name] = value  # tracking
                leave_url = beacon.leave_url(message, mb.Action.UNSUBSCRIBE)  # tracking
                email.set_content(letter(site, leave_url), subtype="html")
                server.send_message(beacon.compose(email, message))  # tracking
        return f"Sent to {len(people)}."

    @app.route("/seeds")
    def seeds() -> str:
        return SEEDS

    @app.route("/report")
    def report() -> str:
        return report_of(tracking.beacon.settings.sink, "spring", as_page=True)  # tracking

    return app
