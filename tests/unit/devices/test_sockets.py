import socket
import threading
from collections.abc import Iterator

import pytest

from neops.devices.sockets import CuttableSocket


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


@pytest.fixture
def connection(listener: socket.socket) -> Iterator[CuttableSocket]:
    with CuttableSocket.connected_to("127.0.0.1", listener.getsockname()[1], 5.0, lambda _: None) as one:
        yield one


def test_a_cut_from_another_thread_wakes_who_reads(connection: CuttableSocket) -> None:
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append(connection.recv(1)))
    reader.start()

    connection.cut()
    reader.join(5.0)

    assert read == [b""]


def test_the_end_is_told_once(connection: CuttableSocket, listener: socket.socket) -> None:
    ends: list[int] = []
    connection.on_end = lambda: ends.append(1)
    listener.accept()[0].close()

    assert (connection.recv(1), connection.recv(1)) == (b"", b"")
    assert ends == [1]


def test_a_read_that_takes_long_is_no_end(connection: CuttableSocket) -> None:
    ends: list[int] = []
    connection.on_end = lambda: ends.append(1)
    connection.settimeout(0.01)

    with pytest.raises(TimeoutError):
        connection.recv(1)
    assert ends == []


def test_a_connection_that_is_cut_while_it_is_made_fails(listener: socket.socket) -> None:
    with pytest.raises(ConnectionAbortedError):
        CuttableSocket.connected_to("127.0.0.1", listener.getsockname()[1], 5.0, CuttableSocket.cut)


def test_a_port_where_nobody_listens_refuses() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

    with pytest.raises(ConnectionRefusedError):
        CuttableSocket.connected_to("127.0.0.1", port, 5.0, lambda _: None)


def test_cutting_what_is_closed_is_harmless(connection: CuttableSocket) -> None:
    connection.close()

    connection.cut()
