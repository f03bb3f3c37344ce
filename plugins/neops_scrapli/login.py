"""What happens between a login and the first command: privilege, then paging off."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from scrapli.driver import AsyncGenericDriver, AsyncNetworkDriver
from scrapli.driver.network.base_driver import PrivilegeLevel

from neops_scrapli.asking import ask

SETUP: Mapping[str, tuple[str, ...]] = {
    "arista_eos": ("terminal length 0", "terminal width 32767"),
    "cisco_iosxe": ("terminal length 0", "terminal width 512"),
    "cisco_iosxr": ("terminal length 0", "terminal width 512"),
    "cisco_nxos": ("terminal length 0", "terminal width 511"),
    "juniper_junos": ("set cli complete-on-space off", "set cli screen-length 0", "set cli screen-width 511"),
    "nokia_srlinux": ("environment cli-engine type basic", "environment complete-on-space false"),
}
"""What the drivers of scrapli 2025.1.30 send after a login, by scrapli's platform: paging off, long lines whole."""

ENABLES_WITHOUT_SECRET = frozenset({"arista_eos"})
"""`enable` asks for no password unless one is set (EOS User Manual 4.31, "Enable Command Authorization")."""

SHELL_PROMPT = r"^[^\s#$]\S{0,63}(?:[ \t]\S{1,63})?[#$]\s?$"
"""`user@host:~$`, `[user@host ~]$`, `host#`. Of other shells the inventory says so: extras, comms_prompt_pattern."""

PATIENCE_S = 3.0
"""How long a device may be silent after a login before it is sent a return."""

BAD_SECRETS = 3
"""Empty answers after which `enable` gives up and the prompt is back."""


class EnableRefused(Exception):
    """The device did not take the enable secret."""


async def prepare(driver: AsyncNetworkDriver, platform: str, settled_at: Callable[[str], None]) -> None:
    """Reach the most privileged level that the credentials give, then switch paging off.

    Raises:
        EnableRefused: the enable secret is wrong.
    """
    prompt = await first_prompt(driver)
    levels = driver.privilege_levels
    user, privileged = levels.get("exec"), levels.get("privilege_exec")
    wanted = driver.auth_secondary or platform in ENABLES_WITHOUT_SECRET
    if user and privileged and wanted and _fits(user, prompt):
        await _enable(driver, user, privileged)
    raw, _ = await ask(driver.channel, *SETUP[platform])
    settled_at(last_line(raw))


def last_line(raw: bytes) -> str:
    """The prompt at the end of what the channel read."""
    return str(raw, errors="replace").strip().rpartition("\n")[2]


def shell_arguments(settled_at: Callable[[str], None]) -> dict[str, Any]:
    """Arguments of the generic driver on a shell."""
    return {"comms_prompt_pattern": SHELL_PROMPT, "on_open": partial(settle_prompt, settled_at=settled_at)}


async def settle_prompt(driver: AsyncGenericDriver, settled_at: Callable[[str], None]) -> None:
    """Look for the shell's own prompt from now on: what fits any prompt also fits lines of output."""
    prompt = await first_prompt(driver)
    settled_at(prompt)
    if driver.comms_prompt_pattern == SHELL_PROMPT:
        user = re.match(r"\[?[\w.-]+@[\w.-]+", prompt)
        rest = r"[^\n]{0,128}[#$]\s?$"  # the working directory changes
        driver.comms_prompt_pattern = f"^{re.escape(user[0])}{rest}" if user else f"^{re.escape(prompt)}\\s?$"


async def first_prompt(driver: AsyncGenericDriver) -> str:
    """The prompt that the device shows by itself after a login; a return is sent only where none comes.

    scrapli sends one at once. The second prompt that this gives is still on its way when the first command is
    written, and a shell then echoes the command twice: its answer was taken for empty (bash 5.2, OpenSSH 9.2).
    """
    pattern = re.compile(driver.comms_prompt_pattern.encode(), re.IGNORECASE | re.MULTILINE)
    seen = b""
    while True:
        try:
            async with asyncio.timeout(PATIENCE_S):
                seen += await driver.channel.read()
        except TimeoutError:
            driver.channel.send_return()
        for match in pattern.finditer(seen):
            if not seen[match.end() :].strip():
                return match[0].decode(errors="replace").strip()


async def _enable(driver: AsyncNetworkDriver, user: PrivilegeLevel, privileged: PrivilegeLevel) -> None:
    """One try with a secret, so that no account is locked; without one, back to the prompt of the login."""
    prompts = [user.pattern, privileged.pattern]
    question = privileged.escalate_prompt

    async def enter(text: str, *, hidden: bool) -> str:
        raw, _ = await driver.channel.send_inputs_interact(
            [(text, question, hidden)], interaction_complete_patterns=prompts
        )
        return last_line(raw)

    last = await enter(privileged.escalate, hidden=False)
    for _ in range(1 if driver.auth_secondary else BAD_SECRETS):
        if re.search(question, last, re.IGNORECASE):
            last = await enter(driver.auth_secondary, hidden=True)
    if driver.auth_secondary and not _fits(privileged, last):
        raise EnableRefused


def _fits(level: PrivilegeLevel, prompt: str) -> bool:
    return re.search(level.pattern, prompt, re.IGNORECASE | re.MULTILINE) is not None
