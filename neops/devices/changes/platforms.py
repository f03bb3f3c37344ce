"""How each platform is configured safely; names are netmiko's device types."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from neops.devices.acting.reboots import OVERWRITES_NVRAM
from neops.devices.answers import Answer
from neops.devices.changes.by_line import LineCommands, LineProcedure
from neops.devices.changes.candidate import CandidateCommands, CandidateProcedure
from neops.devices.changes.loading import load_lines, load_statements, load_terminal
from neops.devices.changes.shell import Leftovers, Procedure, Waiting, Wording

# Cisco IOS XE 17 System Management Configuration Guide, "Configuration Rollback Confirmed Change": it needs `archive`
# with a `path`. What a line that is not taken is answered with: Cisco IOS Configuration Fundamentals.
CISCO_IOS = LineCommands(
    dialect="CISCO_IOS",
    enter="configure terminal",
    enter_with_timer="configure terminal revert timer {minutes}",
    leave="end",
    confirm="configure confirm",
    revert="configure revert now",
    save=("write memory",),
    wording=Wording(
        refused=r"%\s*(?!Warning|WARNING|Note|NOTE|Info)(?:.*(?:overlaps with|not (?:configured|allowed|supported|valid"
        r"|defined|exist|permitted)|cannot|Cannot|rejected|failed|[Mm]ust |[Uu]nable to|does(?: not|n't) |[Nn]o such"
        r"|already in use|out of range|conflicts? with)|No Rollback|Error |Specify )|Command rejected|Bad mask "
        r"|startup-config file open failed",
        locked=r".*Configuration mode (?:is )?locked|Configure Lock",
        command=r"do |configure ",
        helps=r"\?",
        asked=(
            (r"no username ", Answer(r"\[confirm\]", optional=True)),
            (r"no crypto pki trustpoint ", Answer(r"\[yes/no\]:", "yes", optional=True)),
        ),
        asked_to_save=(OVERWRITES_NVRAM,),
        busy=r"\(Device or resource busy\)",
    ),
    waiting=Waiting(show="show archive config rollback timer", sign=r"^Time remaining"),
)

# EOS User Manual 4.31, "Configure Session". A session that is not committed stays for 24 hours, by its name.
ARISTA_EOS = CandidateCommands(
    enter="configure session {name}",
    load=load_lines,
    diff="show session-config diffs",
    commit=("commit",),
    commit_confirmed=("commit timer {timer}",),
    discard=("abort",),
    confirm=("configure session {name} commit",),
    revert=("configure session {name} abort",),
    drop=("configure session {name} abort",),
    save=("write memory",),
    wording=Wording(
        refused=r"% (?!Warning)\S",
        locked=r"% (?:Maximum number of pending sessions|.*lock)",
        command=r"(?:commit|abort)\b|configure |rollback ",
        helps=r"\?",
    ),
    leftovers=Leftovers(
        show="show configuration sessions",
        listed=r"^\s*\*?\s*(\S+)\s+(pending\w*)\b",
        waiting=r"pendingCommitTimer",
        drop="configure session {name} abort",
    ),
)

# Junos CLI User Guide 21.4, "Commit the Configuration" and "Forms of the configure Command": a private candidate cannot
# be committed to be confirmed; an exclusive one is discarded, and its lock freed, when the session ends. There is no
# startup configuration. A commit cancels one that waits.
JUNIPER_JUNOS = CandidateCommands(
    enter="configure exclusive",
    load=load_terminal,
    diff="show | compare",
    commit=("commit", "exit configuration-mode"),
    commit_confirmed=("commit confirmed {minutes}", "exit configuration-mode"),
    discard=("rollback 0", "exit configuration-mode"),
    confirm=("configure exclusive", "commit", "exit configuration-mode"),
    wording=Wording(
        refused=r"error: |\S*:\d+:\(\d+\)",
        locked=r"error: configuration database (?:locked|modified)",
        prompt_head=r"(?:\{\w+(?::\w+)?\})?\[edit[^\]\n]*\]",
    ),
    waiting=Waiting(show="show system commit", sign=r"commit confirmed, rollback in"),
)

# SR Linux 23.10 Configuration Basics Guide, "Configuration management". A private candidate outlives its session: it
# always has the same name, and is cleared when it is entered.
NOKIA_SRL = CandidateCommands(
    enter="enter candidate private name neops",
    load=load_statements,
    diff="diff",
    commit=("commit now",),
    commit_confirmed=("commit confirmed timeout {seconds}", "discard now"),
    discard=("discard now",),
    confirm=("tools system configuration confirmed-accept", "enter candidate private name neops", "discard now"),
    revert=("tools system configuration confirmed-reject", "enter candidate private name neops", "discard now"),
    drop=("enter candidate private name neops", "discard now"),
    renew=("discard stay",),
    save=("save startup",),
    wording=Wording(
        refused=r"(?:Parsing |Validation )?[Ee]rror: |Failed to",
        locked=r"Error: .*exclusive",
        prompt_head=r"--\{.*\}--\[.*\]--",
    ),
    waiting=Waiting(show="info from state system configuration commit *", sign=r"\bunconfirmed\b"),
)

_PROCEDURES: Mapping[str, Procedure] = MappingProxyType(
    {
        "arista_eos": CandidateProcedure(ARISTA_EOS),
        "cisco_ios": LineProcedure(CISCO_IOS),
        "cisco_xe": LineProcedure(CISCO_IOS),
        "juniper_junos": CandidateProcedure(JUNIPER_JUNOS),
        "nokia_srl": CandidateProcedure(NOKIA_SRL),
    }
)


def procedure_of(platform: str) -> Procedure | None:
    """How a platform is changed by typing commands; None when nobody has described it."""
    return _PROCEDURES.get(platform)
