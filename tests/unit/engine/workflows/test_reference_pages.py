"""The reference pages say what the code does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import JsonValue

from neops.engine.workflows.definition import json_schema
from neops.engine.workflows.expressions import render
from neops.engine.workflows.loading import load_workflow
from neops.engine.workflows.validation import check_workflow
from neops.errors import WorkflowInvalid
from neops.protocol import JsonObject

PAGES = Path(__file__).parents[4] / "docs" / "reference"
DOCUMENT: JsonObject = {
    "parameters": {"count": 3, "vlan": 20},
    "context": {"devices": [{"id": 7}]},
    "facts": {"results": [{"success": True, "data": {"version": "17.3"}}, {"success": False, "data": None}]},
}
BECOMES: list[JsonValue] = [3, "vlan 20", "zrh", ["17.3"], 1]


@pytest.fixture(scope="module")
def workflow_page() -> str:
    return (PAGES / "workflow.md").read_text()


@pytest.fixture(scope="module")
def documents(workflow_page: str) -> list[str]:
    return re.findall(r"```yaml\n(.*?)```", workflow_page, re.DOTALL)


def test_the_example_and_its_cron_entry_can_run(documents: list[str]) -> None:
    loaded = load_workflow("\n".join(documents))

    assert check_workflow(loaded.workflow, None, loaded.source) == []


def test_the_mistakes_that_the_page_shows_are_told_so(workflow_page: str, documents: list[str]) -> None:
    unknown_key, unknown_parameter = re.findall(r"^workflow\.yaml:.*$", workflow_page, re.MULTILINE)
    typo = load_workflow(documents[0].replace("{{ parameters.banner", "{{ parameters.baner"), "workflow.yaml")

    with pytest.raises(WorkflowInvalid) as caught:
        load_workflow(documents[0].replace("functionBlock: core", "functionblock: core", 1), "workflow.yaml")

    assert str(caught.value) == unknown_key
    assert [str(issue) for issue in check_workflow(typo.workflow, None, typo.source)] == [unknown_parameter]


def test_every_key_of_the_schema_is_on_the_page(workflow_page: str) -> None:
    schema = json_schema()
    nodes = [schema, *schema["definitions"].values()]

    assert [key for node in nodes for key in node.get("properties", {}) if key not in workflow_page] == []


def test_the_parameters_on_the_page_become_what_it_says() -> None:
    rows = re.findall(r'^\| `"(.*?)"` \|', (PAGES / "expressions.md").read_text(), re.MULTILINE)

    assert [render(row.replace("\\|", "|"), DOCUMENT) for row in rows] == BECOMES
