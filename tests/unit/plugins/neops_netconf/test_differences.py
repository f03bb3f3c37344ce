from __future__ import annotations

import pytest

from neops.devices import ChangeMode
from neops_netconf.differences import Node, applied, difference
from neops_netconf.messages import config_of

NC = "urn:ietf:params:xml:ns:netconf:base:1.0"


def tree(text: str) -> Node:
    return Node.of(config_of(text))


def interfaces(*entries: str) -> str:
    return f"<interfaces xmlns='urn:if'>{''.join(entries)}</interfaces>"


def interface(name: str, **leaves: object) -> str:
    inner = "".join(f"<{leaf}>{value}</{leaf}>" for leaf, value in leaves.items())
    return f"<interface><name>{name}</name>{inner}</interface>"


def changed(old: str, new: str) -> str:
    return difference(tree(old), tree(new))


def test_a_changed_leaf_is_shown_where_it_stands() -> None:
    old = interfaces(interface("eth0", mtu=1500, up="true"), interface("eth1", mtu=1500))

    assert changed(old, interfaces(interface("eth0", mtu=9000, up="true"), interface("eth1", mtu=1500))) == (
        '  <interfaces xmlns="urn:if">\n'
        "    <interface>\n"
        "      <name>eth0</name>\n"
        "-     <mtu>1500</mtu>\n"
        "+     <mtu>9000</mtu>\n"
        "    </interface>\n"
        "  </interfaces>"
    )


def test_what_is_the_same_in_another_layout_or_order_is_no_difference() -> None:
    old = interfaces("<interface><name>a</name><mtu>1</mtu><up/></interface>")

    assert changed(old, interfaces("<interface>\n <name>a</name>\n <up/>\n <mtu>1</mtu>\n</interface>")) == ""


def test_entries_are_added_and_taken_away_whole() -> None:
    eth0, eth1, eth2 = (interface(f"eth{number}", mtu=1500) for number in range(3))

    shown = changed(interfaces(eth0, eth1), interfaces(eth1, eth2)).splitlines()

    assert [line for line in shown if line.startswith("-")] == [
        "-   <interface>",
        "-     <name>eth0</name>",
        "-     <mtu>1500</mtu>",
        "-   </interface>",
    ]
    assert "+     <name>eth2</name>" in shown
    assert not any("eth1" in line for line in shown)


def test_the_only_entry_of_a_list_that_became_another_is_not_called_renamed() -> None:
    shown = changed(interfaces(interface("eth0", mtu=1)), interfaces(interface("eth1", mtu=1)))

    assert "-   <interface>" in shown
    assert "+   <interface>" in shown


def test_values_exchanged_between_entries_are_a_difference() -> None:
    old = interfaces(interface("eth0", mtu=1), interface("eth1", mtu=2))

    assert changed(old, interfaces(interface("eth0", mtu=2), interface("eth1", mtu=1))).count("<mtu>") == 4


def test_entries_with_two_keys_are_told_apart() -> None:
    def routes(*entries: tuple[str, str, int]) -> str:
        inner = "".join(f"<r><p>{p}</p><via>{via}</via><m>{m}</m></r>" for p, via, m in entries)
        return f"<routes xmlns='urn:r'>{inner}</routes>"

    shown = changed(routes(("a", "x", 1), ("a", "y", 1)), routes(("a", "x", 1), ("a", "y", 2)))

    assert [line for line in shown.splitlines() if line[0] != " "] == ["-     <m>1</m>", "+     <m>2</m>"]


def test_the_order_of_values_counts() -> None:
    shown = changed("<dns xmlns='urn:d'><s>1</s><s>2</s></dns>", "<dns xmlns='urn:d'><s>2</s><s>1</s></dns>")

    assert [line for line in shown.splitlines() if line[0] != " "] != []


def test_marks_in_values_are_escaped_and_lines_of_a_text_are_all_marked() -> None:
    shown = changed("<b xmlns='urn:b'><t>a &lt; b\nc</t></b>", "<b xmlns='urn:b'><t>d</t></b>")

    assert "-   <t>a &lt; b\n-   c</t>" in shown


def test_an_attribute_makes_a_difference() -> None:
    shown = changed("<a xmlns='urn:a'><b>1</b></a>", "<a xmlns='urn:a' inactive='inactive'><b>1</b></a>")

    assert '+ <a xmlns="urn:a" inactive="inactive">' in shown.splitlines()


@pytest.mark.parametrize(
    ("edit", "mode", "result"),
    [
        (interfaces(interface("eth0", mtu=2)), "merge", interfaces(interface("eth0", mtu=2), interface("eth1", mtu=1))),
        (
            interfaces(interface("eth2", mtu=1)),
            "merge",
            interfaces(interface("eth0", mtu=1), interface("eth1", mtu=1), interface("eth2", mtu=1)),
        ),
        (
            interfaces(f"<interface nc:operation='delete' xmlns:nc='{NC}'><name>eth0</name></interface>"),
            "merge",
            interfaces(interface("eth1", mtu=1)),
        ),
        (
            interfaces(f"<interface nc:operation='replace' xmlns:nc='{NC}'><name>eth0</name></interface>"),
            "merge",
            interfaces(interface("eth0"), interface("eth1", mtu=1)),
        ),
        (interfaces(interface("eth9")), "replace", interfaces(interface("eth9"))),
    ],
)
def test_what_an_edit_comes_to_is_worked_out_where_the_server_does_not_show_it(
    edit: str, mode: ChangeMode, result: str
) -> None:
    running = tree(interfaces(interface("eth0", mtu=1), interface("eth1", mtu=1)))

    assert difference(applied(running, tree(edit), mode), tree(result)) == ""


def test_a_container_with_one_leaf_is_changed_and_not_doubled() -> None:
    running = tree("<system xmlns='urn:s'><clock><zone>UTC</zone></clock></system>")
    edit = tree("<system xmlns='urn:s'><clock><zone>CET</zone></clock></system>")

    assert difference(applied(running, edit, "merge"), edit) == ""
