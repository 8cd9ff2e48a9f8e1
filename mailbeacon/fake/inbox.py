"""Read a mail in a test as people and machines do: fetch its pixel, follow its links, through a host's own test client.

Knows the test clients of Flask and Django by their shape, and imports neither. Follows no redirect.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from email import message_from_bytes
from email.policy import default
from html.parser import HTMLParser
from typing import Protocol
from urllib.parse import urlsplit

from mailbeacon.errors import BadToken, ConfigError
from mailbeacon.fake import clients
from mailbeacon.fake.addresses import APPLE_RELAY, GOOGLE_PROXY, HOMES, HOSTING, YAHOO_PROXY, Pool
from mailbeacon.fake.chance import Choices, Rng
from mailbeacon.fake.clients import BARE_CHROME, MAIL_CLIENTS, Browser, Client
from mailbeacon.fake.playing import Clock
from mailbeacon.links import parse
from mailbeacon.model import Reply, Request
from mailbeacon.renamed import warn_renamed

__all__ = ["PROGRAMS", "Fetched", "Letter", "Mail", "MailReader", "Program", "WebClient", "WholeMail"]


class WebClient(Protocol):
    """The test client of Flask (anything of Werkzeug's) or Django."""

    def get(self, path: str) -> object:
        """Ask for a path; the reader uses the client's own wider call."""


class WholeMail(Protocol):
    """A mail that gives its bytes: the standard library's ``EmailMessage``, or one of Flask-Mail or Flask-Mailman."""

    def as_bytes(self) -> bytes:
        """Return the mail as it is sent."""


Handle = Callable[[Request], Reply]
Mail = str | bytes | WholeMail
"""A mail as it was sent: its HTML, its bytes, or an object of a mail, one of Django's too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """What one request of a reader got.

    Attributes:
        url: What was asked for.
        status: The HTTP status.
        location: Where a redirect leads; empty for none.
    """

    url: str
    status: int
    location: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """What a reader reads with.

    Attributes:
        client: What fetches the pixel.
        pool: Where from; ``None`` for the reader's own address.
        browsers: What follows links.
    """

    client: Client
    pool: Pool | None
    browsers: Choices[Browser]


PROGRAMS: Mapping[str, Program] = {
    "apple": Program(client=clients.APPLE_PROXY, pool=APPLE_RELAY, browsers=clients.IPHONE_BROWSERS),
    "gmail": Program(client=clients.GMAIL_PROXY, pool=GOOGLE_PROXY, browsers=clients.DESKTOP_BROWSERS),
    "gmail-prefetch": Program(client=clients.GMAIL_PREFETCH, pool=GOOGLE_PROXY, browsers=clients.DESKTOP_BROWSERS),
    "yahoo": Program(client=clients.YAHOO_PROXY, pool=YAHOO_PROXY, browsers=clients.DESKTOP_BROWSERS),
    "outlook": Program(client=MAIL_CLIENTS["Outlook"][0], pool=None, browsers=clients.DESKTOP_BROWSERS),
    "thunderbird": Program(client=MAIL_CLIENTS["Thunderbird"][0], pool=None, browsers=clients.DESKTOP_BROWSERS),
    "apple-mail": Program(client=MAIL_CLIENTS["Apple Mail"][0], pool=None, browsers=clients.MAC_BROWSERS),
    "android": Program(client=MAIL_CLIENTS["Android"][0], pool=None, browsers=clients.ANDROID_BROWSERS),
}
"""What a :class:`MailReader` can read with, by name."""


class Letter(HTMLParser):
    """Find a mail's images and its links with the text a reader sees.

    Args:
        html: The mail as it was sent.

    Raises:
        ConfigError: If it is no mail, or has no HTML.
    """

    def __init__(self, html: Mail) -> None:
        super().__init__()
        self.images: list[str] = []
        self.links: list[tuple[str, str]] = []
        self._label: list[str] | None = None
        self._href = ""
        self.feed(_html(html))
        self.close()
        self._end_link()

    def parse_marked_section(self, i: int, report: bool = True) -> int:
        """Read ``<![`` as browsers do, as a comment; the standard library fails on some."""
        return self.parse_bogus_comment(i, report)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an image or the beginning of a link."""
        values = dict(reversed(attrs))
        if tag == "img":
            self.images.append(values.get("src") or "")
            if self._label is not None:
                self._label.append(values.get("alt") or "")
        elif tag in ("a", "area"):
            self._end_link()
            if values.get("href"):
                self._href, self._label = values["href"] or "", [values.get("alt") or ""]
            if tag == "area":
                self._end_link()

    def handle_endtag(self, tag: str) -> None:
        """Note the end of a link."""
        if tag == "a":
            self._end_link()

    def handle_data(self, data: str) -> None:
        """Note a link's text."""
        if self._label is not None:
            self._label.append(data)

    def _end_link(self) -> None:
        if self._label is not None:
            self.links.append((self._href, " ".join("".join(self._label).split())))
            self._label = None

    @property
    def pixels(self) -> list[str]:
        """The images that are tracking pixels by the form of their URL."""
        return [url for url in self.images if _kind(url) == "o"]

    @property
    def wrapped(self) -> list[str]:
        """The links that are wrapped, by the form of their URL."""
        return [url for url, _ in self.links if _kind(url) == "c"]

    def find(self, label: str) -> str:
        """Return the link with this text, or that begins with it, or holds it: the first that fits best.

        Raises:
            LookupError: If there is none.
        """
        for fits in (str.__eq__, str.startswith, str.__contains__):
            for url, text in self.links:
                if fits(text, label):
                    return url
        raise LookupError(f"no link says {label!r}; the links say {', '.join(repr(text) for _, text in self.links)}")


class MailReader:
    """Read mails in a test, as one person or machine.

    The clock goes on as it does for a reader: an hour before a mail is opened, half a minute before a click.

    Args:
        handle: Answers requests where no test client is given, such as ``beacon.handle``.
        clock: Set on with each step, where the beacon under test has it; ``None`` lets time be.
        program: What to read with: a name in :data:`PROGRAMS`.
        seed: Another seed gives another person: other addresses, another browser.
    """

    def __init__(self, handle: Handle, clock: Clock | None = None, *, program: str = "gmail", seed: int = 1) -> None:
        if program not in PROGRAMS:
            raise ConfigError(f"there is no mail program {program!r}, only {', '.join(PROGRAMS)}")
        self._handle, self._clock, self._program = handle, clock, PROGRAMS[program]
        self._rng = Rng(seed)
        self._home = HOMES.draw(self._rng)
        self._browser = self._rng.choose(self._program.browsers)

    def using(self, program: str, *, seed: int = 1) -> MailReader:
        """Return another reader, with another program.

        Raises:
            ConfigError: If there is no such program.
        """
        return MailReader(self._handle, self._clock, program=program, seed=seed)

    def wait(self, time: timedelta) -> None:
        """Move the inbox's clock on."""
        if self._clock is not None:
            self._clock.advance(time)

    def open(self, html: Mail, client: WebClient | None = None) -> list[Fetched]:
        """Open a mail: fetch its tracking pixels.

        Args:
            html: The mail as it was sent.
            client: The host's test client; ``None`` asks the beacon itself.
        """
        self.wait(timedelta(hours=1))
        pool = self._program.pool
        address = self._home if pool is None else pool.draw(self._rng)
        return [self._get(url, self._program.client, address, client) for url in Letter(html).pixels]

    def click(self, label: str, html: Mail, client: WebClient | None = None) -> Fetched:
        """Follow the link with this text, with a browser from the reader's own address.

        Args:
            label: The link's text, its beginning, or a part of it.
            html: The mail as it was sent.
            client: The host's test client; ``None`` asks the beacon itself.

        Raises:
            LookupError: If no link has this text, or it is not wrapped.
        """
        url = Letter(html).find(label)
        if _kind(url) != "c":
            raise LookupError(f"the link that says {label!r} is not wrapped, so nobody would see a click on it")
        self.wait(timedelta(seconds=30))
        return self._get(url, self._browser.plain, self._home, client)

    def scan_links(self, html: Mail, client: WebClient | None = None) -> list[Fetched]:
        """Follow every wrapped link in a second, then fetch the pixels: be a security scanner in the cloud."""
        self.wait(timedelta(seconds=43))
        letter, address = Letter(html), HOSTING.draw(self._rng)
        scanner = self._rng.choose(BARE_CHROME)
        found = []
        for url in (*dict.fromkeys(letter.wrapped), *letter.pixels):
            found.append(self._get(url, scanner, address, client))
            self.wait(timedelta(milliseconds=80))
        return found

    def scan(self, html: Mail, client: WebClient | None = None) -> list[Fetched]:
        """Do what :meth:`scan_links` does, under its older name."""
        warn_renamed("MailReader.scan", "scan_links")
        return self.scan_links(html, client)

    def _get(self, url: str, client: Client, address: str, through: WebClient | None) -> Fetched:
        headers = {_title(name): value for name, value in client.headers.items()}
        if through is None:
            reply = self._handle(Request(url=url, headers=headers, address=address))
            return _fetched(url, reply.status, reply.headers)
        return _ask(through, url, headers, address)


def _html(mail: Mail) -> str:
    """Return the HTML a reader sees of a mail, however it was given."""
    if isinstance(mail, str):
        return mail
    raw = mail if isinstance(mail, bytes) else _bytes(mail)
    if raw.lstrip().startswith(b"<"):
        return raw.decode("utf-8", "replace")
    whole = message_from_bytes(raw, policy=default)
    body = whole.get_body(("html",))
    if body is None:
        raise ConfigError("the mail has no HTML, so no pixel and no link that a reader could follow")
    beside = next((part for part in whole.walk() if body in part.iter_parts()), None)
    if beside is not None and beside.get_content_type() == "multipart/alternative":  # a program shows the last it can
        body = [part for part in beside.iter_parts() if part.get_content_type() == "text/html"][-1]
    return str(body.get_content())


def _bytes(mail: object) -> bytes:
    """Return the bytes of an object of a mail; Django's gives another first."""
    whole = mail if hasattr(mail, "as_bytes") else getattr(mail, "message", lambda: None)()
    if not hasattr(whole, "as_bytes"):
        raise ConfigError(f"a mail must be HTML, bytes or an object such as EmailMessage, got {type(mail).__name__}")
    return bytes(whole.as_bytes())


def _ask(client: WebClient, url: str, headers: dict[str, str], address: str) -> Fetched:
    """Ask a framework's test client; the two differ in how an address is given."""
    parts = urlsplit(url)
    path = f"{parts.path}?{parts.query}" if parts.query else parts.path
    if any(base.__module__.startswith("django.") for base in type(client).__mro__):
        reply = client.generic(  # type: ignore[attr-defined]
            "GET", path, secure=parts.scheme == "https", headers=headers, REMOTE_ADDR=address
        )
        return _fetched(url, reply.status_code, reply.headers.items())
    if not hasattr(client, "open"):
        raise ConfigError("client must be a test client of Flask or Django")
    base = f"{parts.scheme}://{parts.netloc}" if parts.netloc else None
    reply = client.open(path, method="GET", headers=headers, base_url=base, environ_overrides={"REMOTE_ADDR": address})
    return _fetched(url, reply.status_code, reply.headers.items())


def _fetched(url: str, status: int, headers: Iterable[tuple[str, str]]) -> Fetched:
    location = next((value for name, value in headers if name.lower() == "location"), "")
    return Fetched(url=url, status=status, location=location)


def _kind(url: str) -> str:
    try:
        return parse(url).kind
    except BadToken:
        return ""


def _title(name: str) -> str:
    return "-".join(part.capitalize() for part in name.split("-"))
