from __future__ import annotations

from datetime import UTC, datetime

import pytest

from neops.testing.simulator.template import TemplateInvalid, render, render_data

SCOPE = {
    "name": "r1",
    "mtu": 1500,
    "nothing": "",
    "now": datetime(2026, 2, 10, 12, 5, tzinfo=UTC),
    "ports": [{"name": "eth0", "peers": [{"peer": "a"}, {"peer": "b"}]}, {"name": "eth1", "peers": []}],
}


@pytest.mark.parametrize(
    ("text", "rendered"),
    [
        ("$name#", "r1#"),
        ("${name}x", "r1x"),
        ("[${name:<6}]", "[r1    ]"),
        ("[${mtu:>6}]", "[  1500]"),
        ("${now:%H:%M}", "12:05"),
        ("secret 9 $$9$$x", "secret 9 $9$x"),
        ("?name|is $name", "is r1"),
        ("a\n?nothing|never\nb", "a\nb"),
        ("?!nothing|none", "none"),
        ("@each ports\n$name\n@end", "eth0\neth1"),
        ("@each ports\n$name\n@each peers\n$name-$peer\n@end\n@end\nend", "eth0\neth0-a\neth0-b\neth1\nend"),
    ],
)
def test_a_template_renders(text: str, rendered: str) -> None:
    assert render(text, SCOPE) == rendered


def test_values_are_not_templates_themselves() -> None:
    assert render("$name", {"name": "$mtu"}) == "$mtu"


@pytest.mark.parametrize("text", ["$unknown", "${unknown:<4}", "costs 5 $", "@each ports\n$name"])
def test_a_mistake_in_a_template_says_what_it_is(text: str) -> None:
    with pytest.raises(TemplateInvalid, match=r"unknown|@end|a dollar"):
        render(text, SCOPE)


def test_data_keeps_the_types_of_values() -> None:
    data = {"host": "$name", "mtu": "$mtu", "text": "$mtu bytes", "up": True}

    assert render_data(data, SCOPE) == {"host": "r1", "mtu": 1500, "text": "1500 bytes", "up": True}


def test_data_loops_into_lists_and_mappings() -> None:
    as_list = render_data({"each": "ports", "item": {"name": "$name", "of": ["$mtu"]}}, SCOPE)
    as_mapping = render_data({"each": "ports", "key": "$name", "item": "$mtu"}, SCOPE)

    assert as_list == [{"name": "eth0", "of": [1500]}, {"name": "eth1", "of": [1500]}]
    assert as_mapping == {"eth0": 1500, "eth1": 1500}
