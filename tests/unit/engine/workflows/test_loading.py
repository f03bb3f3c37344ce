from __future__ import annotations

import json

import pytest
import yaml

from neops.engine.workflows.definition import json_schema
from neops.engine.workflows.loading import load_workflow, parse_workflow
from neops.engine.workflows.schemas import check_value, schema_problem
from neops.errors import WorkflowInvalid

TYPOS = [
    ("functionBlock: fb.example.io/ping", "functionblock: fb.example.io/ping",
     "22:5: steps[0].functionblock: unknown key; did you mean 'functionBlock'?"),
    ("type: workflowReference", "type: workflowRef",
     ("43:7: steps[2].type: 'workflowRef' is none of functionBlock, workflow, workflowReference; did you mean"
     " 'workflow'?")),
    ("maxRetries: 2", "maxRetrys: 2",
     "28:20: steps[0].retryConfig.maxRetrys: unknown key; did you mean 'maxRetries'?"),
    ("seedEntity: device", "seedEntity: devices",
     "9:1: seedEntity: 'devices' is none of global, device, interface, group, client; did you mean 'device'?"),
    ("fb.example.io/save:1.2.0", "fb.example.io/save",
     ("38:9: steps[1].steps[0].functionBlock: 'fb.example.io/save' is not a reference: write package/name:1, "
     "package/name:1.2 or package/name:1.2.3")),
    ("label: save", "label: save-it",
     "37:9: steps[1].steps[0].label: 'save-it' is not a label: a letter or '_', then letters, digits and '_'"),
    ("label: save", "label: context", "37:9: steps[1].steps[0].label: 'context' is a reserved name"),
    ("limit: \"{{ parameters.limit }}\"", "limit: [1]",
     "18:65: acquire[1].limit: should be a valid integer, not a list"),
    ("enabled: true", "enabled: yes", "48:5: cron[0].enabled: should be true or false, not 'yes'"),
    ("delay: 0", "delay: 700", "31:5: steps[0].delay: should be less than or equal to 600, not 700"),
    ("name: backup", "name: a/b", "3:1: name: 'a/b' is not a name: it may not be empty nor hold '/' or ':'"),
    ("  - type: functionBlock\n    label: ping", "  - label: ping", "20:5: steps[0]: 'type' is missing"),
    ("{ type: jmes, jmes: \"context", "{ jmes: \"context", "24:5: steps[0].condition: 'type' is missing"),
    ("package: wf.example.io\n", "", "1:1: 'package' is missing"),
    ("majorVersion: 1", "majorVersion: '1'", "5:1: majorVersion: should be a valid integer, not '1'"),
    ("    delay: 0", "    batches: { sizes: [] }", "31:16: steps[0].batches.sizes: needs at least one entry"),
]  # fmt: skip


def test_the_whole_published_schema_is_read(backup_yaml: str) -> None:
    workflow = load_workflow(backup_yaml).workflow

    assert workflow.id == "wf.example.io/backup:1.0.0"
    assert [step.label for step in workflow.all_steps()] == ["ping", "phase2", "save", "audit"]


@pytest.mark.parametrize(("right", "wrong", "message"), TYPOS)
def test_a_typo_gives_one_line_that_says_where_and_what_was_meant(
    backup_yaml: str, right: str, wrong: str, message: str
) -> None:
    assert right in backup_yaml

    with pytest.raises(WorkflowInvalid) as caught:
        load_workflow(backup_yaml.replace(right, wrong, 1), "workflow.yaml")

    assert [str(issue) for issue in caught.value.issues] == [f"workflow.yaml:{message}"]


def test_all_mistakes_are_told_at_once_and_in_order(backup_yaml: str) -> None:
    broken = backup_yaml
    for right, wrong, _ in TYPOS[:5]:
        broken = broken.replace(right, wrong, 1)

    with pytest.raises(WorkflowInvalid) as caught:
        load_workflow(broken)

    assert [issue.line for issue in caught.value.issues] == [9, 22, 28, 38, 43]


@pytest.mark.parametrize("text", ["- 1", "just text", "a: 1"])
def test_a_document_that_is_no_workflow_is_refused(text: str) -> None:
    with pytest.raises(WorkflowInvalid):
        load_workflow(text)


def test_a_document_that_came_as_json_is_told_without_lines(backup_yaml: str) -> None:
    document = yaml.safe_load(backup_yaml.replace("seedEntity", "seedentity"))

    with pytest.raises(WorkflowInvalid, match=r"^seedentity: unknown key; did you mean 'seedEntity'"):
        parse_workflow(document)


def test_explicit_nulls_are_as_good_as_absent_keys(backup_yaml: str) -> None:
    document = yaml.safe_load(backup_yaml)
    unset = dict.fromkeys(["retryConfig", "delay", "assert", "repeatConfig"])
    with_nulls = {**document, **unset, "steps": [document["steps"][0], {**document["steps"][1], **unset}]}
    without = {**document, "steps": document["steps"][:2]}

    assert parse_workflow(with_nulls).document() == parse_workflow(without).document()


def test_our_own_keys_are_read(backup_yaml: str) -> None:
    text = backup_yaml.replace(
        "    delay: 0",
        "    timeout: 30\n    maxConcurrency: 5\n    batches: { sizes: [1, 10, '100%'], stopOnFailurePercent: 20 }",
    ).replace("maxRetries: 2", "maxRetries: 2, backoff: constant, maxDelay: 10, jitter: false")

    step = load_workflow(text).workflow.steps[0]

    assert step.batches is not None
    assert step.batches.sizes == [1, 10, "100%"]
    assert step.retry_config is not None
    assert (step.retry_config.backoff, step.timeout, step.max_concurrency) == ("constant", 30, 5)


def test_the_canonical_document_reads_back_as_the_same_workflow(backup_yaml: str) -> None:
    workflow = load_workflow(backup_yaml).workflow

    assert parse_workflow(json.loads(json.dumps(workflow.document()))) == workflow


def test_editors_get_a_schema_that_agrees(backup_yaml: str) -> None:
    schema = json.loads(json.dumps(json_schema()))
    document = yaml.safe_load(backup_yaml)
    del document["steps"][0]["functionBlock"]

    assert schema_problem(schema) is None
    assert check_value(schema, yaml.safe_load(backup_yaml)) == []
    assert check_value(schema, document)
    assert schema["$schema"].startswith("http://json-schema.org/draft-07")
