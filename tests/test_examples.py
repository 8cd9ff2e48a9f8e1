"""The example hosts, each its own server, from sign-up to report, as a person with a browser uses them."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import sys
from contextlib import ExitStack, closing
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from smtplib import SMTP
from urllib.request import Request, urlopen

import pytest
from servers import PATIENCE, free_port, running, serving, wait_for

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = ROOT / "docs" / "examples"
KEY = "0123456789abcdef0123456789abcdef"
PYTHON = [sys.executable, "-m"]
HOSTS = {
    "flask": [*PYTHON, "flask", "--app", "flask_newsletter", "run", "--port", "{port}"],
    "fastapi": [*PYTHON, "uvicorn", "fastapi_newsletter:app", "--port", "{port}", "--log-level", "warning"],
    "django": [sys.executable, "django_newsletter.py", "{port}"],
}


class Mailbox:
    """What an SMTP server got."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []

    async def handle_DATA(self, server, session, envelope) -> str:
        self.mails.append(message_from_bytes(envelope.content, policy=policy.default))
        return "250 OK"


class Postal(BaseHTTPRequestHandler):
    """A provider that django-anymail knows: takes a mail as JSON, and passes it on by SMTP."""

    smtp_port = 0

    def do_POST(self) -> None:
        given = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = given["from"], given["to"][0], given["subject"]
        for name, value in given.get("headers", {}).items():
            mail[name] = value
        mail.set_content(given["html_body"], subtype="html")
        with SMTP("127.0.0.1", self.smtp_port) as server:
            server.send_message(mail)
        done = {"status": "success", "data": {"messages": {given["to"][0]: {"id": 1}}}}
        body = json.dumps(done).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Keep the test's output clean."""


@pytest.fixture
def mailbox(need):
    """Yield a mailbox behind a running mail server, and the port of that."""
    controller = need("aiosmtpd.controller", "a local mail server")
    box = Mailbox()
    smtp = controller.Controller(box, hostname="127.0.0.1", port=free_port(), ready_timeout=PATIENCE)
    smtp.start()
    yield box, smtp.port
    smtp.stop()


@pytest.fixture
def postal(mailbox):
    """Yield the URL of a provider's API."""
    Postal.smtp_port = mailbox[1]
    with serving(ThreadingHTTPServer(("127.0.0.1", 0), Postal)) as port:
        yield f"http://127.0.0.1:{port}"


def ask(url: str, method: str = "GET") -> str:
    """Return a page of a host."""
    with urlopen(Request(url, method=method), timeout=PATIENCE) as found:
        return found.read().decode()


@pytest.mark.browser
@pytest.mark.parametrize("host", HOSTS)
def test_a_newsletter_from_sign_up_to_report(host, browser, mailbox, postal, need, tmp_path):
    need("anymail" if host == "django" else host, "the example")
    box, smtp_port = mailbox
    port = free_port()
    site = f"http://127.0.0.1:{port}"
    environment = {
        **os.environ,
        "PYTHONPATH": f"{ROOT}:{EXAMPLES}",
        "MAILBEACON_BASE_URL": f"{site}/m",
        "MAILBEACON_SECRET_KEYS": KEY,
        "FOLDER": str(tmp_path),
        "MAIL_PORT": str(smtp_port),
        "POSTAL_URL": postal,
    }
    command = [part.format(port=port) for part in HOSTS[host]]
    with ExitStack() as stack:
        log = stack.enter_context((tmp_path / "log").open("wb"))
        server = stack.enter_context(
            running(command, signal.SIGINT, cwd=EXAMPLES, env=environment, stdout=log, stderr=log)
        )
        page = stack.enter_context(closing(browser.new_page()))
        try:
            wait_for(lambda: ask(site), server)
        except RuntimeError as error:
            raise AssertionError((tmp_path / "log").read_text()) from error
        go_through(page, site, box.mails)
        found = kept(tmp_path)
        assert {who for who, _ in found} == {"u-1"}  # the other did not agree
        assert {kind for _, kind in found} >= {"open", "click", "unsubscribe"}


def kept(folder: Path) -> list[tuple[str, str]]:
    """Return recipient and kind of each event that a host keeps, once its report has waited for the spool."""
    own = folder / "events.sqlite"
    of_django = "SELECT recipient, kind FROM mailbeacon_event"
    of_ours = "SELECT recipient, json_extract(event, '$.kind') FROM mailbeacon_events"
    with closing(sqlite3.connect(own if own.exists() else folder / "site.sqlite")) as connection:
        return connection.execute(of_ours if own.exists() else of_django).fetchall()


def click(page, what: str) -> None:
    """Click on what leads to another page, and wait for that."""
    with page.expect_navigation():
        page.click(what)


def go_through(page, site: str, mails: list[EmailMessage]) -> None:
    """Sign two readers up, of whom one agrees; send, open, click, leave, send again, and look at the report."""
    for address, agrees in (("ada@garden.example", True), ("ben@garden.example", False)):
        page.goto(site)
        page.fill("input[name=address]", address)
        page.set_checked("input[name=consent]", agrees)
        click(page, "button")
        assert "Thank you" in page.content()
    assert ask(f"{site}/send", "POST") == "Sent to 2."
    for mail in mails:
        assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        page.set_content(mail.get_body().get_content(), wait_until="networkidle")
        click(page, "text=Sow seeds now")
        assert page.title() == "Seeds"
    page.set_content(mails[0].get_body().get_content(), wait_until="networkidle")
    click(page, "text=Unsubscribe")
    click(page, "button")
    assert ask(f"{site}/send", "POST") == "Sent to 1."
    page.goto(f"{site}/report")
    assert "spring" in page.content()


@pytest.mark.parametrize("host", HOSTS)
def test_the_glue_of_an_example_is_short(host):
    """Lines that are there for tracking alone, imports and settings aside."""
    source = (EXAMPLES / f"{host}_newsletter.py").read_text("utf-8")
    marked = [line.strip() for line in source.splitlines() if line.endswith("# tracking")]
    lines = [line for line in marked if not line.startswith(("import ", "from "))]
    assert 8 < len(lines) <= 12
