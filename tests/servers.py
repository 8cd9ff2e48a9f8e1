"""Database servers for tests: each started in a temporary folder, on a Unix socket and a free port of loopback, and stopped.

Nothing here touches a server that is running already. Programs come from Debian's ``postgresql`` and ``mariadb-server``.
"""

from __future__ import annotations

import http.client
import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

__all__ = ["Server", "fetch", "free_port", "mariadb", "postgresql", "program"]

_USER = "nobody"
"""PostgreSQL refuses to run as root."""


def program(name: str) -> str | None:
    """Return the path of a server's program; Debian keeps PostgreSQL's off the path."""
    beside = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return str(beside[-1]) if beside else shutil.which(name) or shutil.which(name, path="/usr/sbin")


def free_port() -> int:
    """Return a port of loopback that nobody uses now."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


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
    collector, as a warning in whatever test runs then. The wait only ends what hangs.
    """
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120, source_address=(address, 0))
    with closing(connection):
        connection.request(method, path, body, headers or {})
        with connection.getresponse() as answer:
            return answer, answer.read()


class Server:
    """A running server that can be stopped and started again.

    Attributes:
        url: For SQLAlchemy.
    """

    def __init__(self, url: str, command: list[str], log: Path, port: int, *, user: str | None = None) -> None:
        self.url = url
        self._command, self._log, self._port, self._user = command, log, port, user
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(self._command, stdout=log, stderr=log, user=self._user)
        for _ in range(600):
            if self._process.poll() is not None:
                raise RuntimeError(f"the server ended: {self._log.read_text('utf-8', 'replace')[-2000:]}")
            with socket.socket() as probe:
                probe.settimeout(0.05)
                if not probe.connect_ex(("127.0.0.1", self._port)):
                    return
            self._wait()
        raise RuntimeError("the server did not begin to listen within a minute")

    def stop(self, how: int = signal.SIGINT) -> None:
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(60)
        self._process = None

    def _wait(self) -> None:
        assert self._process is not None
        try:
            self._process.wait(0.1)
        except subprocess.TimeoutExpired:
            return


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
        command = [str(program("postgres")), "-D", str(folder / "data"), "-k", str(folder), "-p", str(port), "-F"]
        server = Server(
            f"postgresql+psycopg://test@127.0.0.1:{port}/postgres", command, folder.with_suffix(".log"), port, user=user
        )
        try:
            yield server
        finally:
            server.stop()
            folder.with_suffix(".log").unlink(missing_ok=True)


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
        server = Server(f"mysql+pymysql://root@127.0.0.1:{port}/test?charset=utf8mb4", command, folder / "log", port)
        try:
            yield server
        finally:
            server.stop(signal.SIGTERM)
