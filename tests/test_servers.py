"""The tests' own client leaves nothing open, whatever the server does."""

from __future__ import annotations

import gc
import http.client
import socket
import struct
import warnings
from contextlib import suppress
from threading import Thread

import pytest
from servers import fetch

from tests.bench.load import Load

RESET = struct.pack("ii", 1, 0)
"""SO_LINGER without a wait: closing resets the connection, as the death of a server does."""


ANSWERS = pytest.mark.parametrize(
    "answer",
    [
        pytest.param(None, id="a reset"),
        pytest.param(b"", id="nothing"),
        pytest.param(b"no HTTP\r\n\r\n", id="another protocol"),
        pytest.param(b"HTTP/1.1 500 OK\r\nContent-Length: 9\r\n\r\nhalf", id="half an answer"),
    ],
)


def serve(listening: socket.socket, answer: bytes | None) -> None:
    """Answer every request so, until the socket is shut."""
    with suppress(OSError):
        while True:
            with listening.accept()[0] as one:
                if answer is None:
                    one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
                else:
                    one.recv(65_536)
                    one.sendall(answer)


def ask_once(port: int) -> None:
    fetch(port, "/")


def put_load_on(port: int) -> None:
    load = Load()
    load.put_on(port, load.requests(30), 60)


@ANSWERS
@pytest.mark.parametrize("ask", [ask_once, put_load_on])
def test_a_request_that_fails_leaves_nothing_to_the_garbage_collector(ask, answer: bytes | None):
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = Thread(target=serve, args=(listening, answer))
        thread.start()
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            with pytest.raises((OSError, http.client.HTTPException, RuntimeError)):
                ask(listening.getsockname()[1])
            gc.collect()
        listening.shutdown(socket.SHUT_RDWR)
        thread.join()
    assert [str(one.message) for one in told if issubclass(one.category, ResourceWarning)] == []
