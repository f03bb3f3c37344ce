"""One command and its answer on scrapli's channel, in one packet there.

`AsyncChannel.send_input` (scrapli 2025.1.30) writes the command, waits for its echo, then writes the return: twice the
packets and one more round trip. Here both go at once; the echo is still waited for, so that a prompt that stands
before it is never taken for the end of the answer.
"""

from __future__ import annotations

from scrapli.channel import AsyncChannel

CTRL_D = "\x04"
_NOT_ECHOED = b" \t\r\n\x08\x00"
"""What devices add to an echo, or leave out of it: Junos goes back and forth, terminals wrap lines."""


async def ask(channel: AsyncChannel, *commands: str) -> tuple[bytes, bytes]:
    """Type commands in one go and read on to the prompt after the last one's echo.

    The last one's answer with the prompt at its end, and cleaned up. It waits as long as it takes: the caller sets the
    limit.
    """
    prompt = channel._get_prompt_pattern(class_pattern=channel._base_channel_args.comms_prompt_pattern)
    depth = channel._base_channel_args.comms_prompt_search_depth
    typed = commands[-1].encode()
    channel.write("".join(command + channel._base_channel_args.comms_return_char for command in commands))
    seen, start = bytearray(), None
    while True:
        seen += await channel.read()
        if start is None:
            start = end_of_echo(seen, typed)
        if start is not None and prompt.search(_last_lines(seen, start, depth)):
            answer = bytes(seen[start:])
            return answer, channel._process_output(buf=answer, strip_prompt=True)


async def feed(channel: AsyncChannel, command: str, ready: str, text: str) -> tuple[bytes, bytes]:
    """Type a command that takes text, the text once the device says `ready`, and Ctrl-D; read on to the prompt."""
    prompt = channel._get_prompt_pattern(class_pattern=channel._base_channel_args.comms_prompt_pattern)
    depth = channel._base_channel_args.comms_prompt_search_depth
    channel.write(command + channel._base_channel_args.comms_return_char)
    seen = bytearray()
    while (start := seen.find(ready.encode())) < 0:
        seen += await channel.read()
    channel.write(f"{text}\n{CTRL_D}")
    start += len(ready)
    while not prompt.search(_last_lines(seen, start, depth)):
        seen += await channel.read()
    answer = bytes(seen[start:])
    return answer, channel._process_output(buf=answer, strip_prompt=True)


def end_of_echo(seen: bytes | bytearray, typed: bytes) -> int | None:
    """Where the echo of what was typed ends, None while it is not whole. White space and backspaces do not count."""
    wanted = typed.lower().translate(None, _NOT_ECHOED)
    shown = bytes(seen).lower()
    at = shown.translate(None, _NOT_ECHOED).find(wanted)
    if at < 0:
        return None
    left = at + len(wanted)
    for index, byte in enumerate(shown):
        if left == 0:
            return index
        left -= byte not in _NOT_ECHOED
    return len(shown)


def _last_lines(seen: bytearray, start: int, depth: int) -> bytes:
    """The whole lines at the end, as far back as scrapli looks: half a line may look like a prompt."""
    begin = max(start, len(seen) - depth)
    tail = bytes(seen[begin:])
    _, _, lines = tail.partition(b"\n")
    return lines or tail
