from __future__ import annotations

import re

import pytest

from neops.engine.workflows.blocks import BlockSchema
from neops.engine.workflows.loading import load_workflow
from neops.engine.workflows.validation import check_workflow

PING = BlockSchema(
    parameter_json_schema={
        "type": "object",
        "properties": {"host": {"type": "string"}, "count": {"type": "integer"}},
        "required": ["host"],
    },
    result_data_json_schema={
        "type": "object",
        "properties": {"up": {"type": "boolean"}},
        "additionalProperties": False,
    },
)
BLOCKS = {
    "fb.example.io/ping:1.2.0": PING,
    "fb.example.io/save:1.2.0": BlockSchema(parameter_json_schema={}, result_data_json_schema={}),
}

MISTAKES = [
    ("label: save", "label: ping", "37:9: steps[1].steps[0].label: the label 'ping' is taken by steps[0]"),
    ("ping.result.data.up", "pong.result.data.up",
     "42:23: steps[1].steps[0].parameters.up: pong.result.data.up: there is no step 'pong'; did you mean 'ping'?"),
    ("ping.result.data.up", "audit.result.data.up",
     ("42:23: steps[1].steps[0].parameters.up: audit.result.data.up: the step 'audit' has no result yet when this is"
      " evaluated")),
    ("ping.result.data.up", "phase2.result", "the step 'phase2' has no result yet"),
    ("ping.result.data.up", "save.result", "the step 'save' has no result yet"),
    ("ping.result.data.up", "steps.ping.result", "results stand under the step's own label: <label>.result"),
    ("ping.result.data.up", "ping.result.data.upp", "there is no 'upp'; did you mean 'up'?"),
    ("ping.result.data.up", "ping.data.up", "there is no 'data'; there is result, results"),
    ("ping.result.data.up", "ping.result.dat", "there is no 'dat'; did you mean 'data'?"),
    ("ping.result.data.up", "parameters.limits",
     "there is no parameter 'limits' in parameterSchema; did you mean 'limit'?"),
    ("context.device.ip }}", "context.device.hostnam }}", "a Device has no 'hostnam'; did you mean 'hostname'?"),
    ("context.device.ip }}", "context.devise.ip }}", "there is no 'devise' in context; did you mean 'device'?"),
    ("context.device.ip }}", "context.device.ip", "26:19: steps[0].parameters.host: "),
    ("limit > `0`", "limit > 0",
     ("25:29: steps[0].assert[0].jmes: expression 'parameters.limit > 0' at character 20: 0 does not fit here;"
      " numbers are written in backticks: `0`")),
    ("label: ping }", "label: nope }", "40:48: steps[1].steps[0].acquire[0].label: there is no step 'nope'"),
    ("name == 'eth0'", "name == ", "41:49: steps[1].steps[0].acquire[1].filter: "),
    ("{{ parameters.limit }}", "{{ parameters. }}", "18:65: acquire[1].limit: "),
    ("fb.example.io/ping:1", "fb.example.io/pin:1",
     ("22:5: steps[0].functionBlock: no block fb.example.io/pin is registered; did you mean"
      " 'fb.example.io/ping'?")),
    ("save:1.2.0", "save:2",
     ("38:9: steps[1].steps[0].functionBlock: no such version of fb.example.io/save is registered; there is"
      " 1.2.0")),
    ("parameters: { host: \"{{ context.device.ip }}\" }", "parameters: {}", "steps[0].parameters.host: is required"),
    ("host: \"{{", "count: many, host: \"{{", "26:19: steps[0].parameters.count: 'many' is not of type 'integer'"),
    ("host: \"{{", "cuont: 3, host: \"{{", "steps[0].parameters.cuont: the block has no such parameter; did you mean"),
    ("limit: { type: integer }", "limit: { type: integr }", "12:1: parameterSchema: no JSON Schema"),
    ("limit: { type: integer }", "limit: { type: integer, default: no }",
     "14:41: parameterSchema.properties.limit.default: 'no' is not of type 'integer'"),
    ("acquire:", "parameters: { limit: lots }\nacquire:", "16:15: parameters.limit: 'lots' is not of type 'integer'"),
    ("fb.example.io/ping:1", "fb.elsewhere.io/x:1", "fb.elsewhere.io/x is registered; the folder it is in is named"),
    ("parameters: { limit: 5 }", "parameters: { limit: five }", "cron[0].parameters.limit: 'five' is not of type"),
    ("parameters: { limit: 5 }", "parameters: {}", "cron[0].parameters.limit: is required"),
    ("repeats: 3, delay: 1", "repeats: 3, condition: { type: jmes, jmes: \"save.result.success\" }",
     "steps[0].repeatConfig.condition.jmes: save.result.success: the step 'save' has no result yet"),
]  # fmt: skip

FINE = [
    ("repeats: 3, delay: 1", "repeats: 3, condition: { type: jmes, jmes: \"ping.result.data.up\" }"),
    ("ping.result.data.up", "ping.results[?success].data.up | [0]"),
    ("ping.result.data.up", "context.deviceGroups[0].name || context.device.facts.anything"),
    ("host: \"{{ context.device.ip }}\"", "host: \"{{ context.device.ip }}\", count: \"{{ parameters.limit }}\""),
    ("  required: [limit]", "  required: [limit]\n  additionalProperties: true"),
    ("fb.example.io/ping:1", "fb.example.io/ping:1.2"),
    ("runOn: device", "runOn: device\n    acquire: []"),
]  # fmt: skip


def issues(text: str, *, blocks: bool = True) -> list[str]:
    loaded = load_workflow(text, "w.yaml")
    return [str(issue) for issue in check_workflow(loaded.workflow, BLOCKS if blocks else None, loaded.source)]


def test_a_workflow_that_can_run_has_no_issues(backup_yaml: str) -> None:
    assert issues(backup_yaml) == []


@pytest.mark.parametrize(("right", "wrong", "message"), MISTAKES)
def test_a_mistake_is_found_before_anything_runs(backup_yaml: str, right: str, wrong: str, message: str) -> None:
    assert right in backup_yaml

    found = issues(backup_yaml.replace(right, wrong, 1))

    assert [one for one in found if re.search(rf"^w.yaml:.*{re.escape(message)}", one)], found


@pytest.mark.parametrize(("old", "new"), FINE)
def test_what_is_right_is_let_pass(backup_yaml: str, old: str, new: str) -> None:
    assert old in backup_yaml

    assert issues(backup_yaml.replace(old, new, 1)) == []


def test_after_a_group_its_members_may_be_read(backup_yaml: str) -> None:
    text = backup_yaml.replace(
        "strategy: embed }",
        'strategy: embed, parameters: { a: "{{ save.result.message }}", b: "{{ phase2.anything }}" } }',
    )

    assert issues(text) == []


def test_without_the_registered_blocks_their_references_are_not_judged(backup_yaml: str) -> None:
    text = backup_yaml.replace("fb.example.io/ping:1", "fb.unknown.io/other:9")

    assert issues(text, blocks=False) == []
    assert len(issues(text)) == 1


def test_raw_parameters_count_as_given_and_are_named_as_such(backup_yaml: str) -> None:
    parameters = 'parameters: { host: "{{ context.device.ip }}" }'
    text = backup_yaml.replace(parameters, "").replace("rawParameters: { banner:", "rawParameters: { host: 5, banner:")

    assert issues(text) == ["w.yaml:27:22: steps[0].rawParameters.host: 5 is not of type 'string'"]
