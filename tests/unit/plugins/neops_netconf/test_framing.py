from __future__ import annotations

import pytest

from neops_netconf.framing import Framing, FramingLost

MESSAGES = [b"<rpc>one\n##\ntwo</rpc>", b"<rpc/>", b"<a>\n#9\n</a>"]


def received(framing: Framing, data: bytes, step: int) -> list[bytes]:
    found = []
    for start in range(0, len(data), step):
        framing.feed(data[start : start + step])
        while (message := framing.next_message()) is not None:
            found.append(message)
    return found


@pytest.mark.parametrize("step", [1, 2, 3, 7, 1000])
@pytest.mark.parametrize("chunked", [False, True])
def test_messages_come_out_as_they_went_in_however_the_bytes_are_cut(chunked: bool, step: int) -> None:
    sender, receiver = Framing(), Framing()
    sender.chunked = receiver.chunked = chunked
    data = b"".join(map(sender.frame, MESSAGES))

    assert received(receiver, data, step) == MESSAGES


def test_the_example_of_the_rfc_is_one_message() -> None:
    framing = Framing()
    framing.chunked = True
    framing.feed(b'\n#4\n<rpc\n#18\n message-id="102"\n\n#79\n' + b"x" * 79 + b"\n##\n")  # RFC 6242 §4.2

    assert framing.next_message() == b'<rpc message-id="102"\n' + b"x" * 79


def test_chunks_may_follow_a_hello_at_once_and_blank_lines_may_stand_between() -> None:
    framing = Framing()
    framing.feed(b"<hello/>]]>]]>\n\n#5\n<a/>\n\n##\n\n\n#4\n<b/>\n##\n")
    hello = framing.next_message()
    framing.chunked = True

    assert (hello, framing.next_message(), framing.next_message()) == (b"<hello/>", b"<a/>\n", b"<b/>")


@pytest.mark.parametrize("data", [b"<rpc-reply/>", b"\n#0\n", b"\n#01\n", b"\n#x\n", b" " * 64])
def test_what_is_no_chunk_is_told_at_once(data: bytes) -> None:
    framing = Framing()
    framing.chunked = True
    framing.feed(data)

    with pytest.raises(FramingLost, match="expected a chunk"):
        framing.next_message()
