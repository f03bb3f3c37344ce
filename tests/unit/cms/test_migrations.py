from __future__ import annotations

import ast
import json
from pathlib import Path

from sqlalchemy import NullPool, create_engine, inspect, text

from neops.cms import EntityStore
from neops.cms.terms import terms_of
from neops.engine.store import migrations
from neops.engine.store.migrations import migrate
from neops.entities import EntityType

DEVICE = """
INSERT INTO cms_devices (hostname, vendor, facts, created_at, updated_at)
VALUES ('r1', 'Cisco', '{"role": "core"}', '2026-01-02 00:00:00.000000', '2026-01-02 00:00:00.000000')
"""


def test_devices_of_an_older_database_are_found_by_their_facts(tmp_path: Path) -> None:
    path = tmp_path / "neops.db"
    engine = create_engine(f"sqlite:///{path}", poolclass=NullPool)
    migrate(path, "0002")
    with engine.begin() as connection:
        connection.execute(text(DEVICE))

    migrate(path)

    with engine.begin() as connection:
        assert EntityStore().ids(connection, EntityType.DEVICE, query="facts.role:CORE AND vendor:cisco") == [1]


def test_terms_of_an_older_database_are_those_that_are_written_today(tmp_path: Path) -> None:
    facts = {
        "n": 1.5,
        "big": 10**400,
        "on": True,
        "none": None,
        "list": ["A", "a", {"x": "Ö" * 2000}],
        "deep": {"k": 0},
    }
    path = tmp_path / "neops.db"
    engine = create_engine(f"sqlite:///{path}", poolclass=NullPool)
    migrate(path, "0002")
    with engine.begin() as connection:
        connection.execute(text(DEVICE.replace('{"role": "core"}', json.dumps(facts).replace(":", r"\:"))))

    migrate(path)

    row = {"hostname": "r1", "vendor": "Cisco", "facts": facts}
    with engine.begin() as connection:
        found = connection.execute(text("SELECT field, text, number FROM cms_device_terms")).all()
    assert {tuple(one) for one in found} == set(terms_of(EntityType.DEVICE, row))


def test_no_revision_depends_on_code_that_changes() -> None:
    revisions = Path(migrations.__file__).parent / "versions"

    assert [path.name for path in revisions.glob("*.py") if "neops" in _imported(path)] == []


def _imported(path: Path) -> set[str]:
    statements = ast.walk(ast.parse(path.read_text()))
    modules = [one.module or "" for one in statements if isinstance(one, ast.ImportFrom)]
    return {module.partition(".")[0] for module in modules}


def test_the_way_back_leaves_the_older_tables_as_they_were(tmp_path: Path) -> None:
    shapes = []
    for revisions in (["0002"], ["head", "0003", "0002"]):
        path = tmp_path / f"{len(revisions)}.db"
        for revision in revisions:
            migrate(path, revision)
        with create_engine(f"sqlite:///{path}", poolclass=NullPool).connect() as connection:
            found = inspect(connection)
            shapes.append(
                {
                    table: (
                        [column["name"] for column in found.get_columns(table)],
                        sorted(str(index["name"]) for index in found.get_indexes(table)),
                    )
                    for table in found.get_table_names()
                }
            )

    assert shapes[0] == shapes[1]
