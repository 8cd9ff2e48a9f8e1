"""Servers in tests: ports of their own, waiting for them, asking and ending them; and databases, each in a temporary folder.

Nothing here touches a server that is running already. Programs come from Debian's ``postgresql`` and ``mariadb-server``.
"""

from __future__ import annotations

import atexit
import http.client
import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from random import SystemRandom
from socketserver import BaseServer
from tempfile import TemporaryDirectory
from threading import Thread
from time import monotonic
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler

__all__ = [
    "PATIENCE", "QuietHandler", "Server", "end", "fetch", "free_port", "listens", "mariadb", "postgresql", "program",
    "running", "serving", "wait_for",
]  # fmt: skip

PATIENCE = 120.0
"""Seconds after which what hangs is given up: nothing takes as long, and no test says how long anything takes."""

_USER = "nobody"
"""PostgreSQL refuses to run as root."""


def program(name: str) -> str | None:
    """Return the path of a server's program; Debian keeps PostgreSQL's off the path."""
    beside = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return str(beside[-1]) if beside else shutil.which(name) or shutil.which(name, path="/usr/sbin")


def free_port() -> int:
    """Return a port of loopback that nobody uses, and that is this process's own until it ends.

    It is below those that systems give to connections that go out, so that none of them takes it before a server does, nor
    is answered by itself; and a datagram socket of the same number keeps it from another run of the tests beside this one.
    """
    for port in SystemRandom().sample(range(20_000, 32_000), 12_000):
        held = socket.socket(type=socket.SOCK_DGRAM)
        try:
            held.bind(("127.0.0.1", port))
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", port))
        except OSError:
            held.close()
        else:
            atexit.register(held.close)
            return port
    raise RuntimeError("no port is free")


def listens(port: int) -> bool:
    """Check whether somebody listens at a port of loopback."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def wait_for(answers: Callable[[], object], process: subprocess.Popen[Any]) -> None:
    """Wait until a server that was started answers.

    Raises:
        RuntimeError: If it ends, or goes on for minutes without an answer, as no busy machine makes it.
    """
    end = monotonic() + PATIENCE
    while monotonic() < end:
        with suppress(OSError, http.client.HTTPException):
            if answers():
                return
        with suppress(subprocess.TimeoutExpired):
            raise RuntimeError(f"the server ended with {process.wait(0.05)}")
    raise RuntimeError("the server does not answer")


def end(process: subprocess.Popen[Any], how: int = signal.SIGTERM) -> None:
    """End a process, and wait until it has; kill it if it does not."""
    try:
        if process.poll() is None:
            process.send_signal(how)
            process.wait(PATIENCE)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


@contextmanager
def running(command: Sequence[str], how: int = signal.SIGTERM, **options: Any) -> Iterator[subprocess.Popen[Any]]:
    """Run a process, and end it by a signal."""
    with subprocess.Popen(command, **options) as process:
        try:
            yield process
        finally:
            end(process, how)


@contextmanager
def serving(server: BaseServer) -> Iterator[int]:
    """Let a server serve in a thread of this process, and yield its port."""
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    with server:
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


class QuietHandler(WSGIRequestHandler):
    """Handles requests, and says nothing of them."""

    def log_message(self, *_: object) -> None:
        pass


def fetch(
    port: int,
    path: str,
    method: str = "GET",
    body: bytes | None = None,
    headers: Mapping[str, str | bytes] | None = None,
    *,
    address: str = "127.0.0.1",
) -> tuple[http.client.HTTPResponse, bytes]:
    """Ask a server of loopback over a connection of its own, and return its answer and the answer's body.

    Whatever happens, nothing stays open: what a server that was killed left half done would else be found by the garbage
    collector, as a warning in whatever test runs then.
    """
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE, source_address=(address, 0))
    with closing(connection):
        connection.request(method, path, body, headers or {})
        with connection.getresponse() as answer:
            return answer, answer.read()


class Server:
    """A running server that can be stopped and started again.

    Attributes:
        url: For SQLAlchemy.
    """

    def __init__(
        self, url: str, command: list[str], log: Path, is_ready: Callable[[], bool], *, user: str | None = None
    ) -> None:
        self.url = url
        self._command, self._log, self._is_ready, self._user = command, log, is_ready, user
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(self._command, stdout=log, stderr=log, user=self._user)
        try:
            wait_for(self._is_ready, self._process)
        except BaseException as error:
            self.stop(signal.SIGKILL)
            raise RuntimeError(self._log.read_text("utf-8", "replace")[-2000:]) from error

    def stop(self, how: int = signal.SIGINT) -> None:
        if self._process is not None:
            end(self._process, how)
        self._process = None


@contextmanager
def postgresql() -> Iterator[Server]:
    """Run a new, empty PostgreSQL."""
    is_root = os.geteuid() == 0
    user = _USER if is_root else None
    with TemporaryDirectory(prefix="pg") as name:
        folder, port = Path(name), free_port()
        if user:
            shutil.chown(folder, user)
        make = [program("initdb"), "-D", str(folder / "data"), "-U", "test", "-A", "trust", "-E", "UTF8", "--no-sync"]
        subprocess.run([str(one) for one in make], check=True, capture_output=True, user=user, cwd=folder)
        # it listens before it takes connections
        look = [str(program("pg_isready")), "-q", "-h", "127.0.0.1", "-p", str(port)]
        command = [str(program("postgres")), "-D", str(folder / "data"), "-k", str(folder), "-p", str(port), "-F"]
        log = folder.with_suffix(".log")
        try:
            server = Server(
                f"postgresql+psycopg://test@127.0.0.1:{port}/postgres",
                command,
                log,
                lambda: subprocess.run(look, check=False).returncode == 0,
                user=user,
            )
            try:
                yield server
            finally:
                server.stop()
        finally:
            log.unlink(missing_ok=True)


@contextmanager
def mariadb() -> Iterator[Server]:
    """Run a new, empty MariaDB."""
    with TemporaryDirectory(prefix="my") as name:
        folder, port = Path(name), free_port()
        data = folder / "data"
        own = ["--user=root"] if os.geteuid() == 0 else []
        make = [
            "mariadb-install-db",
            "--no-defaults",
            f"--datadir={data}",
            "--auth-root-authentication-method=normal",
            *own,
        ]
        subprocess.run([str(program(make[0])), *make[1:]], check=True, capture_output=True)
        command = [
            str(program("mariadbd")),
            "--no-defaults",
            f"--datadir={data}",
            f"--socket={folder / 'sock'}",
            f"--port={port}",
            "--bind-address=127.0.0.1",
            "--skip-grant-tables",
            "--innodb-flush-log-at-trx-commit=0",
            *own,
        ]
        url = f"mysql+pymysql://root@127.0.0.1:{port}/test?charset=utf8mb4"
        server = Server(url, command, folder / "log", lambda: listens(port))
        try:
            yield server
        finally:
            server.stop(signal.SIGTERM)
