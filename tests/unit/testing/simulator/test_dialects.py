from __future__ import annotations

import pytest

from neops.testing.simulator import load_platform
from neops.testing.simulator.configuration import LineRejected, Path, Section
from neops.testing.simulator.dialects import Dialect, Lines, Statements, dialect_of


def dialect(platform: str) -> Dialect:
    return dialect_of(load_platform(platform))


def applied(platform: str, *lines: str) -> tuple[Section, Path]:
    root: Section = {}
    path: Path = ()
    for line in lines:
        path = dialect(platform).apply(root, path, line)
    return root, path


LINES: dict[str, tuple[tuple[str, ...], Section]] = {
    "a section is entered": (("interface Loopback0", "shutdown"), {"interface Loopback0": {"shutdown": {}}}),
    "an abbreviation is written out": (("int lo0", "desc x"), {"interface Loopback0": {"description x": {}}}),
    "a line that exists once replaces": (("hostname a", "hostname b"), {"hostname b": {}}),
    "other lines add": (("ntp server a", "ntp server b"), {"ntp server a": {}, "ntp server b": {}}),
    "a top line leaves the section": (
        ("interface Lo0", "ntp server a"),
        {"interface Loopback0": {}, "ntp server a": {}},
    ),
    "a section leaves the section": (("vlan 1", "interface Lo1"), {"vlan 1": {}, "interface Loopback1": {}}),
    "no removes a line": (("ntp server 1.1.1.1", "no ntp server 1.1.1.1"), {}),
    "no removes by its beginning": (("interface Lo0", "description x", "no description"), {"interface Loopback0": {}}),
    "no removes a section": (("interface Lo0", "shutdown", "no interface Lo0"), {}),
    "no of what is not there is no error": (("no ntp server 1.1.1.1",), {}),
    "a default is shown when it is off": (("int Lo0", "no switchport"), {"interface Loopback0": {"no switchport": {}}}),
    "a default that is on again is not shown": (("no ip routing", "ip routing"), {}),
    "sections nest": (
        ("router bgp 65000", "address-family ipv4", "network 10.0.0.0"),
        {"router bgp 65000": {"address-family ipv4": {"network 10.0.0.0": {}}}},
    ),
    "a nested section ends where its parent's line comes": (
        ("router bgp 65000", "address-family ipv4", "address-family ipv6"),
        {"router bgp 65000": {"address-family ipv4": {}, "address-family ipv6": {}}},
    ),
}


@pytest.mark.parametrize(("lines", "expected"), LINES.values(), ids=LINES)
def test_indented_lines(lines: tuple[str, ...], expected: Section) -> None:
    assert applied("cisco_ios", *lines)[0] == expected


STATEMENTS: dict[str, tuple[tuple[str, ...], Section]] = {
    "set adds": (("set system ntp server 1.1.1.1",), {"system": {"ntp": {"server 1.1.1.1": {}}}}),
    "a value replaces": (("set system host-name a", "set system host-name b"), {"system": {"host-name b": {}}}),
    "a text stays one word": (('set system location "a b"',), {"system": {'location "a b"': {}}}),
    "delete removes": (
        ("set system host-name a", "set system ports", "delete system ports"),
        {"system": {"host-name a": {}}},
    ),
    "delete removes by the key": (("set vlans", "set system host-name a", "delete system host-name"), {"vlans": {}}),
    "delete leaves no empty section": (("set system services ssh", "delete system services ssh"), {}),
    "delete of what is not there is no error": (("delete system services ssh",), {}),
    "edit goes down": (("edit interfaces ge-0/0/0", "set mtu 9000"), {"interfaces": {"ge-0/0/0": {"mtu 9000": {}}}}),
    "named levels are one line": (
        ("set interfaces ge-0/0/0 unit 0 family inet address 10.0.0.1/30",),
        {"interfaces": {"ge-0/0/0": {"unit 0": {"family inet": {"address 10.0.0.1/30": {}}}}}},
    ),
}


@pytest.mark.parametrize(("lines", "expected"), STATEMENTS.values(), ids=STATEMENTS)
def test_statements(lines: tuple[str, ...], expected: Section) -> None:
    assert applied("juniper_junos", *lines)[0] == expected


CONTEXTS = {
    "a path alone is entered": (("interface ethernet-1/1",), ("interface ethernet-1/1",)),
    "a value is set where one is": (("interface ethernet-1/1", "mtu 9000"), ("interface ethernet-1/1",)),
    "a slash starts at the top": (("interface ethernet-1/1", "/ system name"), ("system", "name")),
    "set does not move": (("interface ethernet-1/1", "set / system name host-name x"), ("interface ethernet-1/1",)),
}


@pytest.mark.parametrize(("lines", "expected"), CONTEXTS.values(), ids=CONTEXTS)
def test_contexts_of_sr_linux(lines: tuple[str, ...], expected: Path) -> None:
    assert applied("nokia_srl", *lines)[1] == expected


@pytest.mark.parametrize(
    ("platform", "line", "at"),
    [
        ("cisco_ios", "frobnicate 1", 0),
        ("cisco_ios", "no frobnicate 1", 1),
        ("cisco_ios", "shutdown", 0),
        ("juniper_junos", "set frobnicate", 1),
        ("juniper_junos", "interfaces ge-0/0/0", 0),
        ("nokia_srl", "frobnicate", 0),
    ],
)
def test_an_unknown_line_is_rejected_and_changes_nothing(platform: str, line: str, at: int) -> None:
    root: Section = {}
    with pytest.raises(LineRejected) as rejected:
        dialect(platform).apply(root, (), line)

    assert (rejected.value.at, root) == (at, {})


@pytest.mark.parametrize(
    "text",
    [
        "hostname r1\n!\ninterface Loopback0\n description x\n!\nntp server 1.1.1.1",
        "router bgp 1\n address-family ipv4\n  network 10.0.0.0",
    ],
)
def test_what_is_parsed_is_rendered_the_same(text: str) -> None:
    ios = dialect("cisco_ios")

    assert ios.render(ios.parse(text)) == text


def test_closing_lines_of_a_real_configuration_are_no_configuration() -> None:
    frr = dialect("frr")
    assert isinstance(frr, Lines)

    assert frr.parse("!\nrouter bgp 1\n address-family ipv4\n exit-address-family\nexit\n!\nend") == {
        "router bgp 1": {"address-family ipv4": {}}
    }


def test_a_configuration_in_braces_is_merged() -> None:
    junos = dialect("juniper_junos")
    assert isinstance(junos, Statements)
    root: Section = {"system": {"host-name a": {}}}

    junos.merge_text(root, "system {\n    services {\n        ssh;\n    }\n}\n")

    assert junos.render(root) == "system {\n    host-name a;\n    services {\n        ssh;\n    }\n}"
