"""The README and the tutorial: every block in them is run as a newcomer would run it."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tomllib

import pytest
from pages import DOCS, KEY, README, ROOT, Block, blocks, execute, unlike

PAGES = [
    README,
    *(DOCS / "tutorials" / f"{name}.md" for name in ("your-first-tracked-newsletter", "a-week-in-the-life")),
]
_VENV = re.compile(r'python3 -m venv \.venv && \.venv/bin/pip install (?:"\.\[(\w+)\]"|\.) && \.venv/bin/python (.+)')


def _section(heading: str) -> Block:
    """Return the Python block below a heading of the README."""
    source = README.read_text("utf-8")
    start = source.index(f"\n## {heading}\n")
    line = source.count("\n", 0, start) + 2
    return next(block for block in blocks(README) if block.language == "python" and block.line > line)


def _mount(client_get: str) -> Block:
    """Return a program that reads a mail as its reader would, over a framework's test client."""
    code = f"""
from urllib.parse import urlsplit
from mailbeacon.model import Message
fetch = {client_get}
message = Message(recipient="u-17", campaign="spring")
for url in (beacon.open_url(message), beacon.click_url(message, "https://shop.example/a?b=1&c=ü")):
    status, headers, body = fetch(urlsplit(url).path)
    print(status, headers.get("Location", ""), body[:6] == b"GIF89a")
signed = urlsplit(beacon.click_url(message, "https://shop.example/")).path
print(fetch(signed[:-1] + ("w" if signed[-1] != "w" else "g"))[0])
for event, verdict in stored():
    print(event.kind, event.recipient, event.address == "", event.facts.client)
"""
    return Block(language="python", text=code, line=1)


MOUNTED = """\
200  True
302 https://shop.example/a?b=1&c=%C3%BC False
404
open u-17 True Firefox
click u-17 True Firefox
"""
AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


FLASK_CLIENT = """
import mailbeacon as mb
from mailbeacon.store import SqliteSink
beacon = app.extensions["mailbeacon"].beacon
def stored(): return SqliteSink("events.sqlite").events()
"""
DJANGO_SITE = """
import sys, types
import django
from django.conf import settings
sys.modules["urls"] = urls = types.ModuleType("urls")
urls.urlpatterns = urlpatterns
settings.configure(
    ROOT_URLCONF="urls", ALLOWED_HOSTS=["localhost", "testserver"], SECRET_KEY="x" * 50,
    INSTALLED_APPS=INSTALLED_APPS, MAILBEACON=MAILBEACON,
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "site.sqlite"}}, USE_TZ=True,
)
django.setup()
from django.core.management import call_command
from django.test import Client
import mailbeacon as mb
from mailbeacon.web.django import beacon as the_beacon
from mailbeacon.web.django.sinks import ModelSink
call_command("migrate", verbosity=0)
beacon = the_beacon()
def stored(): return ModelSink().events()
"""


def test_the_flask_snippet_answers_opens_and_clicks_and_records_them(tmp_path):
    get = f"""lambda path: (lambda reply: (reply.status_code, reply.headers, reply.data))(
    app.test_client().get(path, headers={{"User-Agent": {AGENT!r}}}))"""
    programs = [_section("Requests in: Flask"), Block(language="python", text=FLASK_CLIENT, line=1), _mount(get)]
    assert execute(README, programs, tmp_path)[2] == MOUNTED


def test_the_django_snippet_answers_opens_and_clicks_and_records_them(tmp_path):
    get = f"""lambda path: (lambda reply: (reply.status_code, reply.headers, reply.content))(
    Client().get(path, headers={{"User-Agent": {AGENT!r}}}))"""
    programs = [_section("Requests in: Django"), Block(language="python", text=DJANGO_SITE, line=1), _mount(get)]
    assert execute(README, programs, tmp_path)[2] == MOUNTED


@pytest.mark.parametrize("name", ["Flask", "Django"])
def test_both_snippets_believe_the_proxies_the_readme_names(name, tmp_path):
    section = _section(f"Requests in: {name}")
    setting = re.search(
        r"`MAILBEACON_TRUSTED_PROXIES` or `\"TRUSTED_PROXIES\"` with `([^`]+)`", README.read_text("utf-8")
    )
    assert setting
    flask, django = "Mailbeacon(app)\n", "MAILBEACON = {\n"
    named = section.text.replace(
        flask,
        f'app.config["MAILBEACON_TRUSTED_PROXIES"] = {setting[1]}\napp.config["MAILBEACON_KEEP_ADDRESS"] = "keep"\n{flask}',
    ).replace(django, f'{django}    "TRUSTED_PROXIES": {setting[1]},\n    "KEEP_ADDRESS": "keep",\n')
    after = """
from urllib.parse import urlsplit
path = urlsplit(beacon.open_url(mb.Message(recipient="u-17", campaign="spring"))).path
for peer in ("10.0.0.1", "192.0.2.1"):
    if "app" in globals():
        app.test_client().get(path, headers={"X-Forwarded-For": "203.0.113.9"}, environ_base={"REMOTE_ADDR": peer})
    else:
        Client(REMOTE_ADDR=peer).get(path, headers={"X-Forwarded-For": "203.0.113.9"})
print([event.address for event, _ in stored()])
"""
    programs = [
        Block(language="python", text=named, line=section.line),
        Block(language="python", text=FLASK_CLIENT if name == "Flask" else DJANGO_SITE, line=1),
        Block(language="python", text=after, line=1),
    ]
    assert execute(README, programs, tmp_path)[2] == "['203.0.113.9', '192.0.2.1']\n"


@pytest.mark.parametrize("heading", ["Requests in: Flask", "Requests in: Django"])
def test_a_framework_needs_about_ten_lines(heading):
    lines = [line for line in _section(heading).text.splitlines() if line.strip()]
    assert len(lines) <= 12


def test_mail_goes_out_and_figures_come_back(tmp_path):
    """The other two snippets, with a reader between them."""
    reader = """
import re
for url in re.findall(r'(?:src|href)="([^"]+)"', html):
    assert beacon.handle(mb.Request(url=url, address="192.0.2.7")).status in (200, 302)
"""
    programs = [
        _section("Mail out"),
        Block(language="python", text=reader, line=1),
        _section("Figures out"),
    ]
    report, _, figures = execute(README, programs, tmp_path)
    assert "1 link wrapped, 0 left alone" in report
    assert "«Spring offers»" in report
    assert "Delivered: 1,000" in figures
    assert "https://shop.example/spring" in figures


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_shown_output_is_the_real_one(page, tmp_path):
    assert unlike(page, tmp_path) == []


def _commands() -> list[tuple[str, str]]:
    """Return the shell commands of the pages, with the page's name."""
    return [
        (page.stem, line)
        for page in PAGES
        for block in blocks(page)
        if block.language == "sh"
        for line in block.text.splitlines()
        if line.strip() and not line.startswith("#")
    ]


def test_the_readme_has_the_two_commands_and_they_install_what_the_project_declares():
    """The commands themselves are run whole by ``.ci/run``, in an empty environment."""
    found = [_VENV.fullmatch(line) for name, line in _commands() if name == "README" and "venv" in line.split()]
    assert [(one[1], one[2]) for one in found if one] == [(None, "-m mailbeacon demo"), ("test", "-m pytest")]
    assert len(found) == 2
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert "test" in project["optional-dependencies"]


@pytest.mark.parametrize(("page", "command"), [one for one in _commands() if "-m mailbeacon" in one[1]])
def test_every_mailbeacon_command_shown_works(page, command, tmp_path):
    """As shown, but with fewer made-up readers."""
    words = shlex.split(command.partition("-m mailbeacon")[2].removesuffix(')"'))
    done = subprocess.run(
        [sys.executable, "-m", "mailbeacon", *words, *(["--recipients", "20"] if words == ["demo"] else [])],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "MAILBEACON_SECRET_KEYS": KEY},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()
