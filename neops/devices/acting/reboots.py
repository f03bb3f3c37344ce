"""How platforms are rebooted: what to type, what they ask, and what to answer. Data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from neops.devices.answers import Answer


@dataclass(frozen=True, kw_only=True)
class Later:
    """How a reboot is scheduled; the command knows `{minutes}` and `{timer}` (hh:mm)."""

    command: str
    cancel: str
    asks: tuple[Answer, ...] = ()


@dataclass(frozen=True, kw_only=True)
class RebootCommands:
    """What one platform is told.

    `unsaved` is the question about configuration that is not saved, and `to_save` and `to_lose` answer it; with
    `at_once` nothing more is asked. Where no answer saves, `save` is typed before.
    """

    command: str
    asks: tuple[Answer, ...] = ()
    unsaved: str = ""
    to_save: str = ""
    to_lose: str = ""
    at_once: bool = False
    save: str = ""
    later: Later | None = None

    def answers(self, asks: tuple[Answer, ...], *, save: bool | None) -> tuple[Answer, ...]:
        """The answers to the platform's questions. Nobody answers for who did not say whether to save."""
        text = self.to_lose if save is False else self.to_save
        if not self.unsaved or save is None or not text:
            return asks
        return (Answer(self.unsaved, text, optional=True, ends=self.at_once), *asks)


_CONFIRM = Answer(r"[Rr]eload\?? ?\[confirm\]", ends=True)

OVERWRITES_NVRAM = Answer(r"Overwrite the previous NVRAM configuration\? ?\[confirm\]", optional=True)
"""IOS asks before it saves for the first time after an upgrade."""

# Cisco IOS Configuration Fundamentals Command Reference, "reload": `reload in [hh:]mm`, `reload cancel`.
_IOS = RebootCommands(
    command="reload",
    asks=(OVERWRITES_NVRAM, _CONFIRM),
    unsaved=r"Save\? \[yes/no\]:",
    to_save="yes",
    to_lose="no",
    later=Later(command="reload in {minutes}", cancel="reload cancel", asks=(OVERWRITES_NVRAM, Answer(r"\[confirm\]"))),
)

# Huawei S5700 V200R019 Command Reference, "reboot", "schedule reboot". The answer N to the first question reboots
# without saving.
_VRP = RebootCommands(
    command="reboot",
    asks=(Answer(r"System will reboot! ?Continue ?\? ?\[Y/N\]", "y", ends=True),),
    unsaved=r"saved to the configuration file .*Continue ?\? ?\[Y/N\]",
    to_save="y",
    to_lose="n",
    later=Later(
        command="schedule reboot delay {minutes}", cancel="undo schedule reboot", asks=(Answer(r"\[Y/N\]", "y"),)
    ),
)

REBOOTS: Mapping[str, RebootCommands] = MappingProxyType(
    {
        "cisco_ios": _IOS,
        "cisco_xe": _IOS,
        # Cisco Nexus 9000 NX-OS Command Reference, "reload": it warns of an unsaved configuration and asks once.
        "cisco_nxos": RebootCommands(
            command="reload",
            asks=(Answer(r"\A(?![\s\S]*unsaved configuration)[\s\S]*reboot the system.*\(y/n\)\?", "y", ends=True),),
            unsaved=r"unsaved configuration[\s\S]*\(y/n\)\?",
            to_lose="y",
            at_once=True,
            save="copy running-config startup-config",
        ),
        # Cisco ASR 9000 System Management Command Reference, "reload": what is committed is saved.
        "cisco_xr": RebootCommands(command="reload location all", asks=(_CONFIRM,)),
        # Arista EOS User Manual 4.31, "reload" and "reload (scheduled)": `force` asks nothing.
        "arista_eos": RebootCommands(
            command="reload",
            asks=(_CONFIRM,),
            unsaved=r"Save\? \[yes/no/cancel/diff\]:?",
            to_save="yes",
            to_lose="no",
            later=Later(command="reload in {timer} force", cancel="reload cancel"),
        ),
        # Junos OS CLI Reference, "request system reboot", "clear system reboot": what is committed is saved.
        "juniper_junos": RebootCommands(
            command="request system reboot",
            asks=(Answer(r"Reboot the system \? \[yes,no\]", "yes", ends=True),),
            later=Later(
                command="request system reboot in {minutes}",
                cancel="clear system reboot",
                asks=(Answer(r"\[yes,no\]", "yes"),),
            ),
        ),
        # Nokia SR Linux 23.10 Configuration Basics, "tools platform chassis reboot": it asks nothing.
        "nokia_srl": RebootCommands(command="tools platform chassis reboot", save="save startup"),
        "huawei_vrp": _VRP,
        "huawei_vrpv8": _VRP,
        "huawei": _VRP,
        # Aruba 2930F Management and Configuration Guide (AOS-S 16), "boot system".
        "hp_procurve": RebootCommands(
            command="boot system",
            asks=(
                Answer(r"reboot(?:ed)? .*\[?y/n\]?", "y", ends=True),
                Answer(r"[Ss]ave current configuration \[y/n", "n", optional=True, ends=True),
            ),
            save="write memory",
        ),
        # systemd's shutdown(8) for root; sudo(8) -n never asks for a password.
        "linux": RebootCommands(
            command="sudo -n shutdown -r now",
            later=Later(command="sudo -n shutdown -r +{minutes}", cancel="sudo -n shutdown -c"),
        ),
    }
)


def reboot_of(platform: str) -> RebootCommands | None:
    """How this platform is rebooted; None where nobody has described it."""
    return REBOOTS.get(platform)
