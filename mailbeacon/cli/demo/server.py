"""A small threaded web server on loopback, of the standard library's parts, for the demonstration only.

Serves whatever WSGI application it is given, and can be given another while it runs. Not for the open network.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from socketserver import TCPServer, ThreadingMixIn
from threading import Thread
from typing import Final
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

__all__ = ["HOST", "Server", "serving"]

HOST: Final = "127.0.0.1"
_POLL_SECONDS: Final = 0.05


class Server(ThreadingMixIn, WSGIServer):
    """Answer each request in a thread of its own."""

    daemon_threads = True
    request_queue_size = 128

    def server_bind(self) -> None:
        """Bind without looking up the host's name, which can take seconds where there is no name server."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = HOST, self.server_address[1]
        self.setup_environ()

    def handle_error(self, request: object, client_address: object) -> None:
        """Write nothing about a client that went away in the middle of a request."""

    @property
    def url(self) -> str:
        """The address of the server."""
        return f"http://{HOST}:{self.server_port}"


class _Handler(WSGIRequestHandler):
    """Write each reply in one piece, and no log."""

    wbufsize = 65_536
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the standard library's
        pass


@contextmanager
def serving() -> Iterator[tuple[Server, Thread]]:
    """Run a server on a free port until the block ends; an application is still to be set."""
    with Server((HOST, 0), _Handler) as server:
        thread = Thread(target=server.serve_forever, args=(_POLL_SECONDS,), name="demo server", daemon=True)
        thread.start()
        try:
            yield server, thread
        finally:
            server.shutdown()
            thread.join()
