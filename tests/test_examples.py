"""The example hosts, from sign-up to report, as a person with a browser uses them."""

from __future__ import annotations

import sys
import threading
from email import message_from_bytes, policy
from pathlib import Path
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

import pytest
from servers import free_port

from mailbeacon.web import close_stores

EXAMPLES = Path(__file__).resolve().parent.parent / "docs" / "examples"


class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class Quiet(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        """Keep the test's output clean."""


class Mailbox:
    """What an SMTP server got."""

    def __init__(self) -> None:
        self.mails: list[object] = []

    async def handle_DATA(self, server, session, envelope) -> str:
        self.mails.append(message_from_bytes(envelope.content, policy=policy.default))
        return "250 OK"


@pytest.mark.browser
def test_the_flask_newsletter_from_sign_up_to_report(browser, need, tmp_path, monkeypatch):
    controller = need("aiosmtpd.controller", "a local mail server")
    need("flask", "the example")
    monkeypatch.syspath_prepend(str(EXAMPLES))
    server = Server(("127.0.0.1", 0), Quiet)
    site = f"http://127.0.0.1:{server.server_port}"
    monkeypatch.setenv("MAILBEACON_BASE_URL", f"{site}/m")
    monkeypatch.setenv("MAILBEACON_SECRET_KEYS", "0123456789abcdef0123456789abcdef")
    import flask_newsletter

    mailbox = Mailbox()
    smtp = controller.Controller(mailbox, hostname="127.0.0.1", port=free_port())
    smtp.start()
    app = flask_newsletter.create_app(str(tmp_path), smtp.port)
    server.set_app(app)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    beacon = app.extensions["mailbeacon"].beacon
    page = browser.new_page()
    try:
        for address, agrees in (("ada@garden.example", True), ("ben@garden.example", False)):
            page.goto(site)
            page.fill("input[name=address]", address)
            page.set_checked("input[name=consent]", agrees)
            page.click("button")
            assert "Thank you" in page.content()
        assert app.test_client().post("/send", base_url=site).text == "Sent to 2."
        for mail in mailbox.mails:
            assert "List-Unsubscribe-Post" in mail
            page.set_content(mail.get_body().get_content(), wait_until="networkidle")
            page.click("text=Sow seeds now")
            assert page.title() == "Seeds"
        page.set_content(mailbox.mails[0].get_body().get_content())
        page.click("text=Unsubscribe")
        page.click("button")
        assert app.test_client().post("/send", base_url=site).text == "Sent to 1."
        page.goto(f"{site}/report")
        assert "spring" in page.content()
        beacon.settings.sink.flush()
        found = [(event.recipient, str(event.kind)) for event, _ in beacon.settings.sink.sink.events()]
        assert {who for who, _ in found} == {"u-1"}  # the other did not agree
        assert {kind for _, kind in found} >= {"open", "click", "unsubscribe"}
    finally:
        page.close()
        server.shutdown()
        server.server_close()
        smtp.stop()
        close_stores(beacon)
        sys.modules.pop("flask_newsletter", None)


def test_the_glue_of_the_example_is_short():
    """Lines that are there for tracking alone, settings aside."""
    source = (EXAMPLES / "flask_newsletter.py").read_text("utf-8")
    lines = [line for line in source.splitlines() if line.endswith("# tracking") and "import" not in line]
    assert len(lines) <= 12
