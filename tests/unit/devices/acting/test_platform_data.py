"""What is known of platforms: every entry can be typed, and its patterns fit what the platforms print."""

from __future__ import annotations

import pytest

from neops.devices import Reboots, SchedulesReboots, TransfersFiles
from neops.devices.acting import acting_capabilities
from neops.devices.acting.file_systems import FILE_SYSTEMS
from neops.devices.acting.reboots import REBOOTS
from neops.devices.results import RemoteFile

# As the vendors' command references print them.
LISTINGS = {
    "cisco_ios": (
        (
            "Directory of flash:/\n\n"
            "11     drwx            4096  Mar 30 2022 10:18:22 +00:00  .installer\n"
            "12     -rw-       516532228  Mar 30 2022 10:14:01 +00:00  cat9k_iosxe.17.06.03.SPA.bin\n\n"
            "11353194496 bytes total (9580318720 bytes free)\n"
        ),
        RemoteFile(name="cat9k_iosxe.17.06.03.SPA.bin", size=516532228),
        9580318720,
    ),
    "cisco_nxos": (
        (
            "       4096    Jan 26 20:45:33 2022  .rpmstore/\n"
            " 1943380992    Jan 26 20:40:10 2022  nxos64-cs.10.2.2.F.bin\n\n"
            "Usage for bootflash://sup-local\n 5063204864 bytes used\n48236056576 bytes free\n53299261440 bytes total\n"
        ),
        RemoteFile(name="nxos64-cs.10.2.2.F.bin", size=1943380992),
        48236056576,
    ),
    "arista_eos": (
        (
            "Directory of file:/mnt/flash/\n\n"
            "       drwx        4096           Mar  1 12:31  persist\n"
            "       -rw-   971440233           Mar  1 12:20  EOS-4.31.2F.swi\n\n"
            "7907336192 bytes total (5310201856 bytes free)\n"
        ),
        RemoteFile(name="EOS-4.31.2F.swi", size=971440233),
        5310201856,
    ),
    "juniper_junos": (
        (
            "\n-rw-r--r--  1 root  wheel  2123456789 Mar  1 12:20 /var/tmp/junos-install-mx-x86-64-21.4R3.tgz\n"
            "drwxrwxrwt  2 root  wheel        512 Mar  1 12:20 /var/tmp/install/\ntotal files: 1\n"
        ),
        RemoteFile(name="junos-install-mx-x86-64-21.4R3.tgz", size=2123456789),
        None,
    ),
}


@pytest.mark.parametrize("platform", LISTINGS)
def test_a_listing_gives_the_files_and_the_room_left(platform: str) -> None:
    text, file, room = LISTINGS[platform]
    commands = FILE_SYSTEMS[platform].commands
    assert commands is not None

    assert commands.files(text) == (file,)
    assert commands.room(text) == room


@pytest.mark.parametrize(
    ("platform", "output"),
    [
        ("cisco_ios", ".....Done!\nverify /md5 (flash:/a) = 7F36F5E1C8A2CB5B8B0EB3BAF4E2DDB3"),
        ("cisco_nxos", "7f36f5e1c8a2cb5b8b0eb3baf4e2ddb3"),
        ("cisco_xr", "Sat Mar  3 17:49:03.596 UTC\n7f36f5e1c8a2cb5b8b0eb3baf4e2ddb3"),
    ],
)
def test_a_checksum_is_found_in_what_the_platform_says(platform: str, output: str) -> None:
    assert FILE_SYSTEMS[platform].digests[0].found_in(output) == "7f36f5e1c8a2cb5b8b0eb3baf4e2ddb3"


def test_a_checksum_of_another_length_is_none() -> None:
    assert FILE_SYSTEMS["linux"].digests[0].found_in("7f36f5e1c8a2cb5b8b0eb3baf4e2ddb3  a") is None


@pytest.mark.parametrize("platform", FILE_SYSTEMS)
def test_names_without_a_folder_go_where_the_platform_keeps_files(platform: str) -> None:
    system = FILE_SYSTEMS[platform]

    assert system.path("a.bin") == f"{system.folder}a.bin"
    assert system.path("/tmp/a.bin") == "/tmp/a.bin"
    assert system.commands is not None or system.protocol == "sftp"


# Questions as the vendors' command references print them, the last line of each.
QUESTIONS = {
    "arista_eos": [
        "System configuration has been modified. Save? [yes/no/cancel/diff]:",
        "Proceed with reload? [confirm]",
    ],
    "cisco_ios": ["System configuration has been modified. Save? [yes/no]:", "Proceed with reload? [confirm]"],
    "cisco_nxos": ["This command will reboot the system. (y/n)?  [n]"],
    "cisco_xr": ["Proceed with reload? [confirm]"],
    "huawei_vrp": [
        "Warning: All the configuration will be saved to the configuration file for the next startup:, Continue?[Y/N]:",
        "System will reboot! Continue?[Y/N]:",
    ],
    "juniper_junos": ["Reboot the system ? [yes,no] (no)"],
    "hp_procurve": ["This will reboot the system from the primary image. Continue [y/n]?"],
}


@pytest.mark.parametrize("platform", QUESTIONS)
def test_every_question_before_a_reboot_has_its_answer(platform: str) -> None:
    commands = REBOOTS[platform]
    answers = list(commands.answers(commands.asks, save=False))

    for question in QUESTIONS[platform]:
        given = next(answer for answer in answers if answer.fits(question))
        answers = answers[answers.index(given) + 1 :]
    assert all(answer.optional for answer in answers)


def test_nx_os_is_not_rebooted_over_an_unsaved_configuration_unless_told() -> None:
    warned = "!!!WARNING! there is unsaved configuration!!!\nThis command will reboot the system. (y/n)?  [n]"
    commands = REBOOTS["cisco_nxos"]

    assert not any(answer.fits(warned) for answer in commands.answers(commands.asks, save=None))
    assert commands.answers(commands.asks, save=False)[0].fits(warned)


def test_a_platform_has_the_capabilities_that_are_described() -> None:
    assert acting_capabilities("cisco_ios") >= {Reboots, SchedulesReboots, TransfersFiles}
    assert SchedulesReboots not in acting_capabilities("cisco_nxos")
    assert not acting_capabilities("frr") & {Reboots, SchedulesReboots, TransfersFiles}
