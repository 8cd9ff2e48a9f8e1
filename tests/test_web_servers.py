"""Real servers with a spool, killed and started again; behind nginx as the guide says; and a Celery worker."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from argparse import Namespace
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from servers import PATIENCE, fetch, free_port, listens, program, running, wait_for

import mailbeacon as mb
from mailbeacon.store import SpoolSink, SqliteSink
from tests.bench import durability

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the servers' processes are looked up in /proc")
ROOT = Path(__file__).resolve().parent.parent
GUIDES = ROOT / "docs" / "how-to"
SITE = """
import mailbeacon as mb
from mailbeacon.store import SpoolSink, SqliteSink
from mailbeacon.web import wsgi
beacon = mb.Beacon(
    "https://t.example.com/m", secret_keys=["0123456789abcdef0123456789abcdef"], keep_address="keep",
    sink=SpoolSink(SqliteSink("events.sqlite"), "spool"), trusted_proxies=["127.0.0.1/32"],
)
application = wsgi.application(beacon)
"""


@pytest.mark.parametrize("server", durability.COMMANDS)
def test_a_server_that_is_killed_in_mid_load_loses_and_doubles_nothing(server, need):
    module = {"gthread": "gunicorn", "sync": "gunicorn", "uvicorn2": "uvicorn"}.get(server, server)
    if server != "uwsgi":
        need(module, "a real server")
    elif not Path(durability.COMMANDS["uwsgi"][0]).exists():
        pytest.skip("a real server needs uwsgi, which is not installed")
    found = durability.run(server, "spool", durability.kill_server, Namespace(seconds=0.8, lasts=1.0, level="full"))
    assert found["answered"] > 0
    assert (found["lost"], found["doubled"], found["failed"]) == (0, 0, 0)


def nginx_in(folder: Path, port: int) -> list[str]:
    """Write nginx's configuration, with the guide's own block, and return the command."""
    nginx = program("nginx")
    if nginx is None:
        pytest.skip("what stands behind nginx needs nginx, which is not installed")
    guide = re.findall(r"```nginx\n(.*?)```", (GUIDES / "behind-nginx.md").read_text("utf-8"), re.DOTALL)[0]
    paths = "".join(f"{name}_temp_path {folder};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    server = f"server {{ listen 127.0.0.1:{port}; {guide.replace('/run/garden.sock', f'{folder}/garden.sock')} }}"
    (folder / "nginx.conf").write_text(
        f"daemon off; pid {folder}/pid; user root; events {{}} http {{ access_log off; {paths} {server} }}"
        if os.geteuid() == 0
        else f"daemon off; pid {folder}/pid; events {{}} http {{ access_log off; {paths} {server} }}"
    )
    return [nginx, "-c", str(folder / "nginx.conf"), "-e", str(folder / "nginx.log")]


def ask(port: int, path: str) -> int:
    """Ask with an address of loopback of a reader's own, and a field that lies."""
    fields = {"X-Forwarded-For": "203.0.113.9", "User-Agent": "Mozilla/5.0"}
    return fetch(port, path, headers=fields, address="127.0.0.7")[0].status


@pytest.mark.parametrize(
    "command",
    [
        pytest.param([sys.executable, "-m", "gunicorn", "--bind", "unix:{}", "-w", "2", "site_behind:application"], id="gunicorn"),
        pytest.param(
            [durability.COMMANDS["uwsgi"][0], "--http-socket", "{}", "--chmod-socket=666", "--home", sys.prefix,
             "--wsgi-file", "site_behind.py", "--callable", "application", "--master", "--processes", "2", "--enable-threads",
             "--die-on-term"],
            id="uwsgi",
        ),
    ],
)  # fmt: skip
def test_case_25_behind_nginx_on_a_unix_socket_the_address_is_the_readers(command, need, tmp_path):
    need("gunicorn", "a real server")
    if not Path(command[0]).exists():
        pytest.skip("a real server needs uwsgi, which is not installed")
    (tmp_path / "site_behind.py").write_text(SITE)
    port, beacon = free_port(), mb.Beacon(durability.BASE, secret_keys=[durability.KEY])
    path = urlsplit(
        beacon.click_url(mb.Message(recipient="u-17", campaign="spring"), "https://shop.example/a?b=é")
    ).path
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{tmp_path}"}
    behind = [part.format(tmp_path / "garden.sock") for part in command]
    with ExitStack() as stack:
        options = {"cwd": tmp_path, "env": environment, "stdout": stack.enter_context((tmp_path / "log").open("wb"))}
        server, nginx = (
            stack.enter_context(running(one, stderr=subprocess.STDOUT, **options))
            for one in (behind, nginx_in(tmp_path, port))
        )
        wait_for(lambda: listens(port), nginx)
        wait_for(lambda: ask(port, "/m/c/x/y") != 502, server)  # it is about to start
        assert ask(port, path) == 302, (tmp_path / "log").read_text()
    with SqliteSink(tmp_path / "events.sqlite") as kept, SpoolSink(kept, tmp_path / "spool") as spool:
        assert spool.flush()
        assert [(event.recipient, event.address) for event, _ in kept.events()] == [("u-17", "127.0.0.7")]


TASKS = """
from celery import Celery
app = Celery("tasks", broker="filesystem://")
app.conf.update(broker_transport_options={"data_folder_in": "queue", "data_folder_out": "queue", "control_folder": "control"})

from tracking import beacon, mb

@app.task
def send_newsletter(recipient, campaign):
    message = mb.Message(recipient=recipient, campaign=campaign)
    reply = beacon.handle(mb.Request(url=beacon.open_url(message)))  # as if it were opened at once
    return reply.status
"""


def test_a_beacon_made_before_celery_forks_signs_and_records_in_each_worker(need, tmp_path):
    need("celery", "a real worker")
    guide = (GUIDES / "one-beacon-many-places.md").read_text("utf-8")
    (tmp_path / "tracking.py").write_text(re.findall(r"```python\n(.*?)```", guide, re.DOTALL)[0])
    (tmp_path / "tasks.py").write_text(TASKS)
    for name in ("queue", "control"):
        (tmp_path / name).mkdir()
    environment = {
        **os.environ,
        "PYTHONPATH": f"{ROOT}:{tmp_path}",
        "MAILBEACON_BASE_URL": durability.BASE,
        "MAILBEACON_SECRET_KEYS": durability.KEY,
    }
    ask_for = "from tasks import send_newsletter\nfor n in range(20): send_newsletter.delay(f'u-{n}', 'spring')"
    subprocess.run([sys.executable, "-c", ask_for], cwd=tmp_path, env=environment, check=True, timeout=PATIENCE)
    command = [
        sys.executable,
        "-m",
        "celery",
        "-A",
        "tasks",
        "worker",
        "-c",
        "2",
        "--without-gossip",
        "--without-mingle",
    ]
    with (tmp_path / "log").open("wb") as log, SqliteSink(tmp_path / "events.sqlite") as kept:
        with running(command, cwd=tmp_path, env=environment, stdout=log, stderr=log) as worker:
            wait_for(lambda: len(kept) == 20, worker)
        assert {event.recipient for event, _ in kept.events()} == {f"u-{number}" for number in range(20)}
