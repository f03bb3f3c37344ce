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
    typed = commands[-1].encode()
    channel.write("".join(command + channel._base_channel_args.comms_return_char for command in commands))
    seen, start = bytearray(), None
    while True:
        seen += await channel.read()
        if start is None:
            start = end_of_echo(seen, typed)
        if start is not None and (answer := _whole(channel, seen, start)):
            return answer


async def feed(channel: AsyncChannel, command: str, ready: str, text: str) -> tuple[bytes, bytes]:
    """Type a command that takes text, the text once the device says `ready`, and Ctrl-D; read on to the prompt."""
    channel.write(command + channel._base_channel_args.comms_return_char)
    seen = bytearray()
    while (start := seen.find(ready.encode())) < 0:
        seen += await channel.read()
    channel.write(f"{text}\n{CTRL_D}")
    start += len(ready)
    while not (answer := _whole(channel, seen, start)):
        seen += await channel.read()
    return answer


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


def _whole(channel: AsyncChannel, seen: bytearray, start: int) -> tuple[bytes, bytes] | None:
    """The answer from `start` on, with the prompt and cleaned up; None while there is no prompt.

    Only the last prompt goes: `BaseChannel._process_output` also takes lines out that merely look like one.
    """
    arguments = channel._base_channel_args
    tail = _last_lines(seen, start, arguments.comms_prompt_search_depth)
    prompts = list(channel._get_prompt_pattern(arguments.comms_prompt_pattern).finditer(tail))
    if not prompts:
        return None
    before, after = len(seen) - len(tail) + prompts[-1].start(), len(seen) - len(tail) + prompts[-1].end()
    text = seen[start:before] + seen[after:]  # a log line may stand behind the prompt
    clean = b"\n".join(line.rstrip() for line in text.splitlines()).lstrip(b"\n").rstrip()
    return bytes(seen[start:]), bytes(clean)


def _last_lines(seen: bytearray, start: int, depth: int) -> bytes:
    """The whole lines at the end, as far back as scrapli looks: half a line may look like a prompt."""
    tail = bytes(seen[max(start, len(seen) - depth) :])
    _, _, lines = tail.partition(b"\n")
    return lines or tail
