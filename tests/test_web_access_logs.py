"""The lines that keep readers out of a web server's own logs, as the guide gives them, in the real servers."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import pytest
from servers import fetch, free_port, listens, program, running, wait_for

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the reader has an address of loopback of its own")

GUIDE = Path(__file__).resolve().parent.parent / "docs" / "how-to" / "respect-consent.md"
PERSONAL = ("canary-token", "CanaryAgent", "canary-referer", "127.0.0.7")


def block(language: str) -> str:
    section = GUIDE.read_text("utf-8").partition("## Your web server's own log")[2]
    return re.findall(rf"```{language}\n(.*?)```", section, re.DOTALL)[0]


def ask_one(command: list[str], port: int, path: str, **options: object) -> int:
    """Start a server, send it one request, end it so that its log is whole, and return the reply's status."""
    fields = {"User-Agent": "CanaryAgent/7", "Referer": "https://canary-referer.example/"}
    with running(command, **options) as process:
        wait_for(lambda: listens(port), process)
        return fetch(port, path, headers=fields, address="127.0.0.7")[0].status


def found(server: str) -> str:
    name = program(server)
    if name is None:
        pytest.skip(f"what a real {server} logs needs {server}, which is not installed")
    return name


def check(text: str) -> None:
    for secret in PERSONAL:
        assert secret not in text, secret


@pytest.mark.parametrize(("path", "logged"), [("/m/o/canary-token.gif", False), ("/elsewhere", True)])
def test_apache_logs_every_request_but_those_of_the_tracking_routes(path: str, logged: bool, tmp_path: Path):
    apache, port, log = found("apache2"), free_port(), tmp_path / "access.log"
    names = ("mpm_event", "authz_core", "setenvif", "proxy", "proxy_http")
    modules = "".join(f"LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so\n" for name in names)
    (tmp_path / "apache.conf").write_text(
        f"ServerName localhost\nListen 127.0.0.1:{port}\nPidFile {tmp_path}/pid\nDefaultRuntimeDir {tmp_path}\n"
        f'ErrorLog {tmp_path}/error.log\nUser nobody\nGroup nogroup\n{modules}LogFormat "%h %r %{{User-Agent}}i" combined\n'
        f"{block('apache')}ProxyPass / http://127.0.0.1:{free_port()}/\n"
    )
    environment = os.environ | {"APACHE_LOG_DIR": str(tmp_path)}
    assert ask_one([apache, "-X", "-f", str(tmp_path / "apache.conf")], port, path, env=environment) == 503
    assert bool(log.read_text()) is logged
    if not logged:
        check((tmp_path / "error.log").read_text())


def test_nginx_logs_the_moment_the_method_and_the_status(tmp_path: Path):
    nginx, port = found("nginx"), free_port()
    form, location = (
        block("nginx")
        .replace("/var/log/nginx/", f"{tmp_path}/")
        .replace("127.0.0.1:8000", f"127.0.0.1:{free_port()}")
        .splitlines()
    )
    paths = "".join(f"{name}_temp_path {tmp_path};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    (tmp_path / "nginx.conf").write_text(
        f"daemon off; master_process off; pid {tmp_path}/pid; error_log {tmp_path}/start.log;\nevents {{}}\n"
        f"http {{ {paths}\n{form}\nserver {{ listen 127.0.0.1:{port}; {location} }} }}\n"
    )
    command = [nginx, "-c", str(tmp_path / "nginx.conf"), "-e", str(tmp_path / "start.log")]
    assert ask_one(command, port, "/m/o/canary-token.gif") == 502
    assert re.fullmatch(r"\S+ GET 502\n", (tmp_path / "tracking.log").read_text())
    for log in tmp_path.glob("*.log"):
        check(log.read_text())


def test_gunicorn_logs_the_moment_the_method_and_the_status(tmp_path: Path):
    pytest.importorskip("gunicorn", reason="what a real gunicorn logs needs gunicorn")
    port = free_port()
    (tmp_path / "app.py").write_text(
        "import mailbeacon\nfrom mailbeacon.web import wsgi\n"
        "application = wsgi.application(mailbeacon.Beacon('https://t.example.com/m', secret_keys=['0123456789abcdef']))\n"
    )
    form = re.search(r"--access-logformat '(.*?)'", block("sh"))
    assert form
    with (tmp_path / "log").open("wb") as log:
        command = [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "--access-logfile", "-"]
        command += ["--access-logformat", form[1], "--log-level", "error", "app"]
        status = ask_one(command, port, "/m/o/canary-token.gif", cwd=tmp_path, stdout=log, stderr=log)
    assert status == 200
    logged = (tmp_path / "log").read_text()
    assert re.search(r"^\[.*\] GET 200$", logged, re.MULTILINE), logged
    check(logged)
