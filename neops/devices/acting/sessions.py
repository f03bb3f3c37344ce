"""Which capabilities that act a platform gives, and session classes with them."""

from __future__ import annotations

from functools import cache
from types import new_class
from typing import TypeVar, cast

from neops.devices.acting.file_systems import files_of
from neops.devices.acting.rebooting import RebootsByCommands, SchedulesRebootsByCommands
from neops.devices.acting.reboots import reboot_of
from neops.devices.acting.transferring import TransfersOverSsh, WiredSession
from neops.devices.capabilities import Interacts, Reboots, SchedulesReboots, TransfersFiles

S = TypeVar("S", bound=WiredSession)


def acting_capabilities(platform: str) -> frozenset[type]:
    """Interacts, and what is known of the platform's ways to act."""
    return frozenset({Interacts} | {capability for capability, _ in _known(platform)})


def acting_session_class(base: type[S], platform: str) -> type[S]:
    """`base`, able to act where the platform's ways are known.

    acting_session_class(TelnetSession, "cisco_ios")(device=device, platform="cisco_ios", …)
    """
    return cast("type[S]", _joined(base, tuple(added for _, added in _known(platform))))


def _known(platform: str) -> tuple[tuple[type, type], ...]:
    commands = reboot_of(platform)
    reboots = ((Reboots, RebootsByCommands),) if commands else ()
    later = ((SchedulesReboots, SchedulesRebootsByCommands),) if commands and commands.later else ()
    files = ((TransfersFiles, TransfersOverSsh),) if files_of(platform) else ()
    return (*files, *reboots, *later)


@cache
def _joined(base: type, added: tuple[type, ...]) -> type:
    return new_class(base.__name__, (base, *added)) if added else base
