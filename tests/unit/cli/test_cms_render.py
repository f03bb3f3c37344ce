from __future__ import annotations

from datetime import UTC, datetime
from io import StringIO

import pytest
from pydantic import JsonValue
from rich.console import Console

from neops.cli.cms_port import Kind
from neops.cli.cms_render import entity_table, listing_table, print_differences
from neops.cms import FieldChange, HistoryEntry, Operation
from neops.entities import Device, Inherited


@pytest.mark.parametrize(
    ("before", "after", "shown"),
    [
        ("a", "b", "a → b"),
        (None, 1, "nothing → 1"),
        (65001, "65001", '65001 → "65001"'),
        ("x" * 80 + "a", "x" * 80 + "b", f'"{"x" * 80}a" → "{"x" * 80}b"'),
    ],
)
def test_two_values_that_differ_look_different(before: JsonValue, after: JsonValue, shown: str) -> None:
    entry = HistoryEntry(
        id=1,
        at=datetime(2026, 1, 2, tzinfo=UTC),
        author="api",
        run=None,
        entity="device",
        entity_id=1,
        name="r1",
        operation=Operation.CHANGED,
        changes=(FieldChange(path="facts.x", before=before, after=after),),
    )
    screen = StringIO()

    print_differences(Console(file=screen, width=400), [entry])

    assert screen.getvalue() == f"~ device r1\n    facts.x: {shown}\n"


def test_a_list_keeps_addresses_whole_and_leaves_out_columns_in_which_nothing_stands() -> None:
    screen = StringIO()
    devices = [Device(id=n, hostname=f"edge-router-{n}", ip="127.0.0.1", port=41000 + n) for n in (1, 2)]

    Console(file=screen, width=36).print(listing_table(Kind.DEVICE, devices))

    assert "127.0.0.1:41002" in screen.getvalue()
    assert "software" not in screen.getvalue()


def test_what_a_device_inherits_is_told_by_name() -> None:
    inherited = Inherited(fields=["username"], facts=["site"], connections={"netmiko": None})
    screen = StringIO()

    Console(file=screen, width=120).print(entity_table(Device(id=1, hostname="r1", inherited=inherited)))
    Console(file=screen, width=120).print(entity_table(Device(id=2, hostname="r2", inherited=Inherited())))

    (line,) = [line for line in screen.getvalue().splitlines() if line.startswith("inherited")]
    assert line.split(maxsplit=1)[1].rstrip() == "username, facts.site, connection_options.netmiko"
