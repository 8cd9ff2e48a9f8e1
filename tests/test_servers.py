"""The tests' own client leaves nothing open, whatever the server does."""

from __future__ import annotations

import gc
import http.client
import socket
import struct
import warnings
from threading import Thread

import pytest
from servers import fetch

RESET = struct.pack("ii", 1, 0)
"""SO_LINGER without a wait: closing resets the connection, as the death of a server does."""


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(None, id="a reset"),
        pytest.param(b"", id="nothing"),
        pytest.param(b"no HTTP\r\n\r\n", id="another protocol"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", id="half an answer"),
    ],
)
def test_a_request_that_fails_leaves_nothing_to_the_garbage_collector(answer: bytes | None):
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            with listening.accept()[0] as one:
                if answer is None:
                    one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
                else:
                    one.recv(65_536)
                    one.sendall(answer)

        thread = Thread(target=serve)
        thread.start()
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            with pytest.raises((OSError, http.client.HTTPException)):
                fetch(listening.getsockname()[1], "/")
            gc.collect()
        thread.join()
    assert [str(one.message) for one in told if issubclass(one.category, ResourceWarning)] == []
