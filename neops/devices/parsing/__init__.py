"""Parsed reads for sessions that only run commands: rejections, ntc-templates and getters per platform."""

from neops.devices.parsing.getters import (
    ParsedConfig,
    ParsedFacts,
    ParsedInterfaces,
    ParsedNeighbors,
    parsed_capabilities,
    session_class,
)
from neops.devices.parsing.platforms import PLATFORMS, reads_of
from neops.devices.parsing.reads import Answers, ConfigRead, PlatformReads, Read, RouteQuery, read_json
from neops.devices.parsing.rejections import rejected
from neops.devices.parsing.sessions import CommandSession, platform_name
from neops.devices.parsing.textfsm import read_rows, template_for

__all__ = [
    "PLATFORMS",
    "Answers",
    "CommandSession",
    "ConfigRead",
    "ParsedConfig",
    "ParsedFacts",
    "ParsedInterfaces",
    "ParsedNeighbors",
    "PlatformReads",
    "Read",
    "RouteQuery",
    "parsed_capabilities",
    "platform_name",
    "read_json",
    "read_rows",
    "reads_of",
    "rejected",
    "session_class",
    "template_for",
]
