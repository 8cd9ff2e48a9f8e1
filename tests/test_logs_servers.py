"""The real nginx, Apache, Caddy and HAProxy: their logs, judged, give what the live application behind them recorded."""

from __future__ import annotations

import http.client
import os
import re
import shutil
import signal
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from wsgiref.simple_server import WSGIServer, make_server

import pytest
from pages import DOCS
from servers import PATIENCE, QuietHandler, fetch, free_port, listens, running, serving, wait_for

from mailbeacon import Beacon, Message, logs, tally
from mailbeacon.fake.traffic import sample_traffic
from mailbeacon.model import Event, Kind
from mailbeacon.replying import PIXEL
from mailbeacon.store import MemorySink
from mailbeacon.web import wsgi
from tests import making

PAGE = (DOCS / "how-to" / "serve-the-pixel-at-the-edge.md").read_text("utf-8")
KEY = [b"a key for tests, no secret at all"]


def block(language: str) -> str:
    """The configuration that the guide shows."""
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)[0]


@pytest.fixture
def pixel() -> Iterator[Path]:
    """The folder that stands for the guide's /usr/share/mailbeacon; Apache's workers, who are nobody, may read it."""
    with TemporaryDirectory(prefix="mailbeacon-") as name:
        Path(name).chmod(0o755)
        (Path(name) / "pixel.gif").write_bytes(PIXEL)
        yield Path(name)


class _Server(WSGIServer):
    request_queue_size = 100


@contextmanager
def application(beacon: Beacon) -> Iterator[int]:
    with serving(make_server("127.0.0.1", 0, wsgi.application(beacon), _Server, QuietHandler)) as port:
        yield port


@contextmanager
def logging(command: list[str], port: int, log: Path, **options: object) -> Iterator[None]:
    """Run a server until it answers, and stop it so that its log is whole."""
    environment = os.environ | {"HOME": str(log.parent), "XDG_DATA_HOME": str(log.parent)}
    # HAProxy ends at once when it is told to terminate, and with it the last request's line
    how = signal.SIGUSR1 if command[0] == "haproxy" else signal.SIGTERM
    with running(command, how, env=environment, **options) as process:
        wait_for(lambda: listens(port), process)
        yield


def nginx(folder: Path, port: int, behind: int, pixel: Path | None = None) -> tuple[list[str], Path, str]:
    log = folder / "access.log"
    text = (
        block("nginx")
        .replace("/var/log/nginx/mailbeacon.log", str(log))
        .replace("listen 80", f"listen 127.0.0.1:{port}")
    )
    text = text.replace("127.0.0.1:8000", f"127.0.0.1:{behind}")
    if pixel is None:
        text = re.sub(r"    location /m/o/ \{.*?\n    \}\n", "", text, flags=re.DOTALL)
    paths = "".join(f"{name}_temp_path {folder};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    (folder / "nginx.conf").write_text(
        f"daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log;\n"
        f"events {{}}\nhttp {{ {paths}\n{text}\n}}\n"
    )
    return ["nginx", "-c", str(folder / "nginx.conf")], log, text.partition("\n\n")[0]


def caddy(folder: Path, port: int, behind: int, pixel: Path | None = None) -> tuple[list[str], Path, str]:
    log = folder / "access.log"
    text = (
        block("caddyfile")
        .replace("/var/log/caddy/mailbeacon.log", str(log))
        .replace(":80 {", f"http://127.0.0.1:{port} {{")
    )
    text = text.replace("/usr/share/mailbeacon", str(pixel)).replace("127.0.0.1:8000", f"127.0.0.1:{behind}")
    if pixel is None:
        text = re.sub(r"\thandle /m/o/\* \{.*?\n\t\}\n", "", text, flags=re.DOTALL)
    trust = text.replace("reverse_proxy ", "reverse_proxy {\n\t\t\ttrusted_proxies 127.0.0.1/32\n\t\t\tto ").replace(
        f"127.0.0.1:{behind}\n", f"127.0.0.1:{behind}\n\t\t}}\n"
    )
    (folder / "Caddyfile").write_text("{\n\tadmin off\n\tauto_https off\n}\n" + trust)
    return ["caddy", "run", "--config", str(folder / "Caddyfile"), "--adapter", "caddyfile"], log, "caddy"


def apache(folder: Path, port: int, behind: int, pixel: Path | None = None) -> tuple[list[str], Path, str]:
    log = folder / "access.log"
    text = (
        block("apache")
        .replace("/var/log/apache2/mailbeacon.log", str(log))
        .replace("127.0.0.1:8000", f"127.0.0.1:{behind}")
    )
    text = text.replace("/usr/share/mailbeacon", str(pixel))
    if pixel is None:
        text = re.sub(r"AliasMatch .*?\n\n", "", text, flags=re.DOTALL).replace("ProxyPass /m/o/ !\n", "")
    modules = "".join(
        f"LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so\n"
        for name in ("mpm_event", "authz_core", "mime", "headers", "alias", "proxy", "proxy_http")
    )
    (folder / "apache.conf").write_text(
        f"ServerName localhost\nListen 127.0.0.1:{port}\nPidFile {folder}/pid\nDefaultRuntimeDir {folder}\n"
        f"KeepAliveTimeout 120\nTypesConfig /etc/mime.types\nErrorLog {folder}/error.log\n"
        f"User nobody\nGroup nogroup\n{modules}{text}"
    )
    return ["apache2", "-X", "-f", str(folder / "apache.conf")], log, text.partition("\n")[0]


def haproxy(folder: Path, port: int, behind: int, pixel: Path | None = None) -> tuple[list[str], Path, str]:
    log = folder / "access.log"
    text = block("none").replace("bind :80", f"bind 127.0.0.1:{port}").replace("127.0.0.1:8000", f"127.0.0.1:{behind}")
    text = text.replace("/usr/share/mailbeacon", str(pixel))
    if pixel is None:
        text = re.sub(r"    http-request return .*\n", "", text)
    # one thread: several drop lines where they write to standard output at once
    (folder / "haproxy.cfg").write_text(
        f"global\n    nbthread 1\n    log stdout format raw local0\ndefaults\n    log global\n    timeout client 90s\n"
        f"    timeout server 90s\n"
        f"    timeout connect 90s\n{text}"
    )
    captures = "\n".join(line for line in text.splitlines() if "capture request header" in line)
    return ["haproxy", "-f", str(folder / "haproxy.cfg")], log, captures


SERVERS = {"nginx": nginx, "caddy": caddy, "apache2": apache, "haproxy": haproxy}


def replay(port: int, hits: list) -> None:
    """Send a made-up campaign's requests over real HTTP, each from the address its reader has."""
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)) as connection:
        for hit in hits:
            request = hit.request
            headers = {name: value for name, value in request.fields.items() if value.isascii()}
            connection.putrequest(request.method, request.url, skip_accept_encoding=True)
            for name, value in {**headers, "X-Forwarded-For": request.address}.items():
                connection.putheader(name, value)
            connection.endheaders()
            with connection.getresponse() as answer:
                answer.read()
            if answer.will_close:
                connection.close()


def trusting(sink: MemorySink | None = None) -> Beacon:
    """Return a beacon that takes a server's word on this machine for the client's address."""
    return making.beacon(secret_keys=KEY, sink=sink, trusted_proxies=["127.0.0.1/32"])


def said(event: Event) -> tuple[object, ...]:
    return (
        event.kind,
        event.mail,
        event.link,
        event.url,
        event.url_id,
        event.method,
        event.facts.agent,
        event.facts.client,
    )


@pytest.mark.parametrize("name", SERVERS)
def test_a_real_server_s_log_gives_the_live_application_s_report(name: str, tmp_path: Path, need):
    need(name, "a real server's log")
    tmp_path.chmod(0o755)
    sink = MemorySink()
    live = trusting(sink)
    hits = list(sample_traffic(live, "business", recipients=150).hits)
    port = free_port()
    with application(live) as behind:
        command, log, form = SERVERS[name](tmp_path, port, behind)
        with (tmp_path / "out").open("wb") as out, logging(command, port, log, stdout=out, stderr=subprocess.DEVNULL):
            replay(port, hits)
    if name == "haproxy":
        shutil.copy(tmp_path / "out", log)
    errors: list[object] = []
    zone = time_zone() if name == "haproxy" else None
    read = list(logs.read(log, trusting(), form, zone=zone, on_error=lambda error, line: errors.append(line)))
    recorded = [event for event, _ in sink.events()]
    assert len(recorded) > 60
    assert Counter(map(said, read)) == Counter(map(said, recorded))
    assert all("[" not in str(line) for line in errors)  # HAProxy also says that it starts and stops
    assert_same_report(name, read, recorded)


def time_zone():
    from datetime import datetime

    return datetime.now().astimezone().tzinfo


def assert_same_report(name: str, read: list[Event], recorded: list[Event]) -> None:
    """The same figures where the log shows all that the application saw; else the difference is the fields it lacks."""
    judge = trusting().judge
    figures = [
        tally(events, judge.classify_all(events)).count(kind).messages
        for events in (read, recorded)
        for kind in (Kind.OPEN, Kind.CLICK)
    ]
    if name in ("nginx", "caddy"):
        assert figures[:2] == figures[2:]
        return
    lacking = {
        "apache2": {"sec-purpose", "purpose", "x-requested-with"},
        "haproxy": {"accept", "sec-fetch-mode", "sec-fetch-user"},
    }
    assert lacking[name]
    for own, other in zip(figures[:2], figures[2:], strict=True):
        assert sum((own.people, own.unknown, own.machines)) == sum((other.people, other.unknown, other.machines))


@pytest.mark.parametrize("name", SERVERS)
def test_a_real_server_answers_the_pixel_alone_and_its_log_has_the_open(name: str, tmp_path: Path, pixel: Path, need):
    """Nobody listens where the application would be."""
    need(name, "the pixel at the edge")
    tmp_path.chmod(0o755)
    host, port = trusting(), free_port()
    url = host.open_url(Message(recipient="u-1", campaign="c")).removeprefix("https://t.example.com")
    command, log, form = SERVERS[name](tmp_path, port, free_port(), pixel)
    fields = {"User-Agent": 'He said "hi" \\ é'.encode(), "If-Modified-Since": "Fri, 27 Nov 2099 09:00:00 GMT"}
    with (tmp_path / "out").open("wb") as out, logging(command, port, log, stdout=out, stderr=subprocess.DEVNULL):
        answer, seen = fetch(port, url, headers=fields)
        assert (answer.status, answer.getheader("Content-Type")) == (200, "image/gif")
        assert answer.getheader("Cache-Control").startswith("no-store")
        assert answer.getheader("X-Content-Type-Options") == "nosniff"
        assert seen == PIXEL or (name == "nginx" and len(seen) == len(PIXEL))  # nginx has one of its own
    if name == "haproxy":
        shutil.copy(tmp_path / "out", log)
    zone, errors = time_zone() if name == "haproxy" else None, []
    read = list(logs.read(log, host, form, zone=zone, on_error=lambda error, line: errors.append(line)))
    assert [(event.kind, event.recipient) for event in read] == [(Kind.OPEN, "u-1")]
