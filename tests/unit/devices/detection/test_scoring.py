"""What evidence says: answers of devices, twins, and properties of the score."""

from __future__ import annotations

import os
import random
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neops.devices import PluginCatalogue
from neops.devices.detection import BELIEVED, Evidence, judge, next_command
from neops.devices.detection.clues import ASK_FURTHER, CLUES, COMMANDS, MORE_GENERAL
from neops.devices.detection.evidence import BANNER, GREETING, PROMPT, SSH, TEXT_KEPT

SAID = (
    (
        "cisco_ios",
        "show version",
        (
            "Cisco IOS Software, C2960 Software (C2960-LANBASEK9-M), Version 15.0(2)SE11, RELEASE SOFTWARE (fc3)\n"
            "Technical Support: http://www.cisco.com/techsupport\n"
        ),
    ),
    (
        "cisco_xe",
        "show version",
        (
            "Cisco IOS XE Software, Version 16.12.04\n"
            "Cisco IOS Software [Gibraltar], Virtual XE Software (X86_64_LINUX_IOSD-UNIVERSALK9-M), Version 16.12.4\n"
        ),
    ),
    (
        "cisco_nxos",
        "show version",
        "Cisco Nexus Operating System (NX-OS) Software\nTAC support: http://www.cisco.com/tac\n",
    ),
    (
        "cisco_xr",
        "show version",
        "Cisco IOS XR Software, Version 6.5.3\nCopyright (c) 2013-2019 by Cisco Systems, Inc.\n",
    ),
    (
        "cisco_asa",
        "show version",
        "Cisco Adaptive Security Appliance Software Version 9.12(4)\nDevice Manager Version 7.14(1)\n",
    ),
    (
        "arista_eos",
        "show version",
        "Arista DCS-7280SR-48C6-F\nHardware version: 10.10\nSoftware image version: 4.23.3M\n",
    ),
    (
        "juniper_junos",
        "show version",
        "Hostname: mx1\nModel: mx240\nJunos: 18.4R2.7\n",
    ),
    (
        "huawei_vrp",
        "display version",
        "Huawei Versatile Routing Platform Software\nVRP (R) software, Version 5.170 (S5720 V200R019C00SPC500)\n",
    ),
    (
        "huawei_vrpv8",
        "display version",
        "Huawei Versatile Routing Platform Software\nVRP (R) software, Version 8.180 (CE6800 V200R005C10SPC800)\n",
    ),
    (
        "hp_procurve",
        "show version",
        (
            "Image stamp:    /sw/code/build/btm(t4a)\n"
            "                Aug 29 2013 17:11:30\n"
            "                WB.15.14.0002\n"
            "Boot Image:     Primary\n"
        ),
    ),
    (
        "hp_procurve",
        "show version",
        "Image stamp:\n /ws/build/rel_7/code/build/bom(rel_7)\n                Jun 17 2020 10:23:04\n",
    ),
    (
        "fortinet",
        "get system status",
        "Version: FortiGate-60E v6.0.4,build0231,190107 (GA)\nVirus-DB: 1.00000(2018-04-09 18:07)\n",
    ),
    (
        "paloalto_panos",
        "show system info",
        "hostname: fw1\nip-address: 192.0.2.1\nfamily: 200\nmodel: PA-220\nsw-version: 9.0.5\n",
    ),
    (
        "dell_force10",
        "show version",
        (
            "Dell Real Time Operating System Software\n"
            "Dell Operating System Version:  2.0\n"
            "Dell Application Software Version:  9.14(2.4)\n"
        ),
    ),
    (
        None,
        "show version",
        "Operating system 7, build 12\nSerial number ABC\n",
    ),
)
"""How devices begin, by the vendors' command references; None for one that nobody has described."""

TESTS = os.environ.get("NTC_TEMPLATES_TESTS")
"""The folder `tests` of a checkout of ntc-templates: its recordings (Apache-2.0) are in no distribution of it."""

TWINS = {"cisco_ios": {"cisco_ios", "cisco_xe"}, "huawei_vrp": {"huawei_vrp", "huawei_vrpv8"}}
"""ntc-templates has one name for both."""

ON_OTHER_DEVICES = {"hp_procurve"}
"""Folders with recordings of something else: an Aruba controller."""

BASH = "-bash: show: command not found"
LINUX = "Linux host 6.1.0-18-amd64 #1 SMP Debian 6.1.76-1 (2024-02-01) x86_64 GNU/Linux"

WORDS = st.sampled_from([*(text for _, _, text in SAID), LINUX, BASH, "", "% Invalid input"]) | st.text()
EVIDENCE = st.lists(
    st.builds(Evidence, source=st.sampled_from([SSH, BANNER, GREETING, PROMPT, *COMMANDS]), text=WORDS), max_size=6
)


def seen(**said: str) -> list[Evidence]:
    sources = {"ssh": SSH, "show": "show version", "display": "display version", "uname": "uname -a"}
    return [Evidence(source=sources.get(key, key), text=text) for key, text in said.items()]


@pytest.mark.parametrize(("platform", "command", "text"), SAID, ids=[str(platform) for platform, _, _ in SAID])
def test_an_answer_names_its_platform_and_no_other(platform: str | None, command: str, text: str) -> None:
    found = judge("r1", [Evidence(source=command, text=text)])

    assert found.platform == platform
    assert all(one.score < BELIEVED for one in found.candidates[1:])


def recordings() -> Iterator[tuple[str, str, Path]]:
    for platform, command, _ in SAID:
        if TESTS and platform and platform not in ON_OTHER_DEVICES:
            folder = Path(TESTS) / platform / f"{platform}_{command.replace(' ', '_')}"
            for file in sorted([*folder.glob("*.raw"), *(folder.with_name(command.replace(" ", "_"))).glob("*.raw")]):
                yield platform, command, file


@pytest.mark.skipif(not TESTS, reason="NTC_TEMPLATES_TESTS names no checkout of ntc-templates' tests")
@pytest.mark.parametrize(
    ("platform", "command", "file"), list(recordings()), ids=lambda part: getattr(part, "stem", part)
)
def test_a_recording_of_a_device_names_its_platform(platform: str, command: str, file: Path) -> None:
    found = judge("r1", [Evidence(source=command, text=file.read_text(encoding="utf-8"))])

    assert found.platform in TWINS.get(platform, {platform})


@pytest.mark.parametrize(
    ("platform", "said"),
    [
        ("mikrotik_routeros", {"ssh": "SSH-2.0-ROSSSH"}),
        ("cisco_wlc", {"ssh": "SSH-2.0-CISCO_WLC"}),
        ("cisco_xr", {"prompt": "RP/0/RSP0/CPU0:pe1#"}),
        (
            "frr",
            {"greeting": "\nHello, this is FRRouting (version 10.1).\nCopyright 1996-2005 Kunihiro Ishiguro, et al."},
        ),
        ("juniper_junos", {"greeting": "--- JUNOS 21.4R3-S5.4 Kernel 64-bit  JNPR-12.1", "prompt": "ops@mx1>"}),
        ("nokia_srl", {"greeting": "Welcome to the srlinux CLI.\n--{ running }--[  ]--", "prompt": "A:leaf1#"}),
        ("nokia_srl", {"greeting": "--{ + candidate shared default }--[  ]--", "prompt": "A:leaf1#"}),
        ("nokia_sros", {"prompt": "A:pe1#", "show": "TiMOS-C-23.10.R1 cpm/x86_64 Nokia 7750 SR Copyright (c) 2000"}),
        ("linux", {"prompt": "ops@host:~$", "show": BASH, "uname": LINUX}),
        ("cumulus_linux", {"uname": "Linux leaf01 4.19.0-cl-1-amd64 #1 SMP Cumulus 4.19.94-1+cl4u5 x86_64 GNU/Linux"}),
        ("vyos", {"uname": LINUX, "show": "Version:          VyOS 1.4.0\nRelease train:    sagitta"}),
        ("checkpoint_gaia", {"prompt": "gw1>", "show": "CLINFR0329  Invalid command:'show version'."}),
        ("juniper_junos", {"prompt": "root@mx1:~ #", "uname": "JUNOS mx1 21.4R3-S5.4 FreeBSD amd64"}),
    ],
)
def test_what_a_device_says_by_itself_or_in_a_shell_can_be_enough(platform: str, said: dict[str, str]) -> None:
    assert judge("r1", seen(**said)).platform == platform


@pytest.mark.parametrize(
    ("said", "first"),
    [
        ({"ssh": "SSH-2.0-Cisco-1.25"}, "cisco_ios"),
        ({"ssh": "SSH-2.0-Cisco-2.0"}, "cisco_xr"),
        ({"ssh": "SSH-2.0--"}, "huawei_vrp"),
        ({"ssh": "SSH-2.0-HUAWEI-1.5", "prompt": "<ar1>"}, "huawei_vrp"),
        ({"ssh": "SSH-2.0-Comware-7.1.075"}, "hp_comware"),
        ({"ssh": "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u2"}, "linux"),
    ],
)
def test_what_several_systems_share_is_a_guess_and_not_an_answer(said: dict[str, str], first: str) -> None:
    found = judge("r1", seen(**said))

    assert (found.platform, found.candidates[0].platform) == (None, first)


def test_an_frr_router_behind_a_shell_is_frr_and_not_the_linux_below_it() -> None:
    said = "vtysh_pam: Failed in account validation: Permission denied(6)FRRouting 8.4.4 (r1) on Linux(6.1.0)."
    vtysh = Evidence(source="vtysh -c 'show version'", text=said)

    found = judge("r1", [*seen(prompt="ops@r1:~$", uname=LINUX), vtysh])

    assert [one.platform for one in found.candidates] == ["frr"]


def test_two_systems_that_both_name_themselves_are_no_answer() -> None:
    found = judge("r1", seen(ssh="SSH-2.0-ROSSSH", show="Cisco IOS XR Software, Version 7.9.2"))

    assert found.platform is None
    assert {one.platform for one in found.candidates} == {"mikrotik_routeros", "cisco_xr"}


def test_nothing_seen_is_no_candidate_and_no_error() -> None:
    found = judge("r1", [])

    assert (found.platform, found.candidates, found.score) == (None, (), 0.0)


def test_a_candidate_quotes_the_line_that_speaks_for_it() -> None:
    found = judge("r1", seen(ssh="SSH-2.0-Cisco-1.25", show="\nCisco IOS XE Software, Version 17.09.04a\nCopyright"))

    assert found.candidates[0].reasons == (
        "show version: Cisco IOS XE Software, Version 17.09.04a",
        "ssh version: SSH-2.0-Cisco-1.25",
    )


def questions(*evidence: Evidence, answers: dict[str, str]) -> list[str]:
    """What is asked of a device that knows these commands and rejects others."""
    asked: list[str] = []
    while (command := next_command([*evidence, *_answered(asked, answers)])) is not None:
        asked.append(command)
    return asked


def _answered(asked: list[str], answers: dict[str, str]) -> list[Evidence]:
    return [Evidence(source=command, text=answers.get(command, "% Invalid input")) for command in asked]


def test_the_prompt_decides_what_is_asked_first() -> None:
    assert next_command(seen(prompt="<ar1>")) == "display version"
    assert next_command(seen(prompt="ops@host:~$")) == "uname -a"
    assert next_command(seen(prompt="sw1#")) == "show version"


def test_no_more_is_asked_once_it_is_enough() -> None:
    assert questions(*seen(prompt="sw1#"), answers={"show version": "Arista vEOS"}) == ["show version"]


def test_a_device_that_knows_no_question_is_asked_each_of_them_once() -> None:
    assert questions(*seen(prompt="sw1#"), answers={}) == list(COMMANDS)


def test_linux_is_asked_whether_it_is_a_router_before_it_is_believed() -> None:
    asked = questions(*seen(prompt="ops@host:~$"), answers={"uname -a": LINUX})

    assert asked == ["uname -a", "vtysh -c 'show version'"]


@given(EVIDENCE)
def test_a_score_is_a_probability_and_a_platform_is_the_only_one_believed(evidence: list[Evidence]) -> None:
    found = judge("r1", evidence)

    scores = [one.score for one in found.candidates]
    assert all(0 < score <= 1 for score in scores)
    assert scores == sorted(scores, reverse=True)
    believed = [one.platform for one in found.candidates if one.score >= BELIEVED]
    assert found.platform == (believed[0] if len(believed) == 1 else None)
    assert all(one.reasons for one in found.candidates)


@given(EVIDENCE, st.randoms(use_true_random=False))
def test_neither_the_order_of_evidence_nor_its_repetition_counts(evidence: list[Evidence], lots: random.Random) -> None:
    shuffled = evidence * 2
    lots.shuffle(shuffled)

    assert judge("r1", shuffled).candidates == judge("r1", evidence).candidates


@given(EVIDENCE, EVIDENCE)
def test_more_evidence_never_speaks_against_a_platform_unless_a_special_one_explains_it(
    some: list[Evidence], more: list[Evidence]
) -> None:
    before = {one.platform: one.score for one in judge("r1", some).candidates}
    after = {one.platform: one.score for one in judge("r1", some + more).candidates}

    explained = {MORE_GENERAL[name] for name, score in after.items() if name in MORE_GENERAL and score >= BELIEVED}
    assert all(after.get(name, 0) >= score for name, score in before.items() if name not in explained)


@given(EVIDENCE)
def test_asking_ends(evidence: list[Evidence]) -> None:
    further = [command for commands in ASK_FURTHER.values() for command in commands]

    assert len(questions(*evidence, answers={})) <= len(COMMANDS) + len(further)


def test_every_platform_that_is_detected_can_be_served() -> None:
    served = {name for entry in PluginCatalogue().entries() if entry.plugin for name in entry.plugin.platforms}

    assert {clue.platform for clue in CLUES} <= served


def test_every_clue_is_one_that_can_be_found() -> None:
    asked = {SSH, BANNER, GREETING, PROMPT, *COMMANDS, *(one for many in ASK_FURTHER.values() for one in many)}

    assert {clue.source for clue in CLUES} <= asked
    assert all(0 < clue.weight < 1 and re.compile(clue.pattern, re.MULTILINE) for clue in CLUES)


@pytest.mark.parametrize("hostile", ["(" * TEXT_KEPT, "<" + "a" * TEXT_KEPT, " \n" * TEXT_KEPT, "[a@" * TEXT_KEPT])
def test_long_and_strange_answers_are_judged_at_once(hostile: str) -> None:
    started = time.thread_time()
    judge("r1", [Evidence(source=source, text=hostile) for source in {clue.source for clue in CLUES}])

    assert time.thread_time() - started < 1.0
