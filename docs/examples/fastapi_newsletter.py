"""The newsletter tool in FastAPI.

Run it with ``MAILBEACON_BASE_URL=http://127.0.0.1:8000/m MAILBEACON_SECRET_KEYS=… uvicorn fastapi_newsletter:app``, with a mail
server on port 1025 (``python -m aiosmtpd -n -l 127.0.0.1:1025``). All that is of mailbeacon is marked by ``# tracking``.
"""

import smtplib
from datetime import UTC, datetime
from email.message import EmailMessage
from urllib.parse import parse_qs

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse
from newsletter import FOLDER, FORM, FROM, MAIL_PORT, SEEDS, letter, people, sign_up

import mailbeacon as mb  # tracking
from mailbeacon.model import Leave, Purpose  # tracking
from mailbeacon.store import SpoolSink, SqliteConsents, SqliteSink  # tracking
from mailbeacon.web import asgi  # tracking
from mailbeacon.web.figures import report_of  # tracking

consents = SqliteConsents(f"{FOLDER}/consents.sqlite")  # tracking


def leave(left: Leave) -> None:
    """Take a reader who left off the list."""
    people.pop(left.recipient, None)
    consents.record_leave(left)  # tracking


beacon = mb.Beacon.from_env(  # settings
    sink=SpoolSink(SqliteSink(f"{FOLDER}/events.sqlite"), f"{FOLDER}/spool"), consent=consents.allows, on_leave=leave
)
app = FastAPI(lifespan=lambda app: asgi.lifespan(beacon))  # tracking
app.mount("/m", asgi.application(beacon))  # tracking


@app.get("/", response_class=HTMLResponse)
def form() -> str:
    return FORM


@app.post("/", response_class=HTMLResponse)
async def sign(request: Request) -> str:
    sent = parse_qs((await request.body()).decode())
    key = sign_up(sent["address"][0])
    ticked = dict.fromkeys((Purpose.OPENS, Purpose.CLICKS), "consent" in sent)  # tracking
    consents.record_form(key, ticked, given_at=datetime.now(UTC), source="sign-up")  # tracking
    return "Thank you."


@app.post("/send", response_class=HTMLResponse)
def send(request: Request) -> str:
    with smtplib.SMTP("127.0.0.1", MAIL_PORT) as server:
        for key, address in people.items():
            message = mb.Message(recipient=key, campaign="spring", sent_at=datetime.now(UTC))  # tracking
            email = EmailMessage()
            email["From"], email["To"], email["Subject"] = FROM, address, "Seeds"
            for name, value in beacon.leave_headers(message).items():  # tracking
                email[name] = value  # tracking
            leave_url = beacon.leave_url(message, mb.Action.UNSUBSCRIBE)  # tracking
            email.set_content(letter(str(request.base_url).rstrip("/"), leave_url), subtype="html")
            server.send_message(beacon.compose(email, message))  # tracking
    return f"Sent to {len(people)}."


@app.get("/seeds", response_class=HTMLResponse)
def seeds() -> str:
    return SEEDS


@app.get("/report", response_class=HTMLResponse)
def report() -> str:
    return report_of(beacon.settings.sink, "spring", as_page=True)  # tracking
