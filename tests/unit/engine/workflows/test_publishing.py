from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neops.engine.workflows.comparison import compare, floor
from neops.engine.workflows.definition import RootWorkflow
from neops.engine.workflows.loading import load_workflow, parse_workflow
from neops.engine.workflows.publishing import (
    PublishedVersion,
    PublishPlan,
    invalid_document,
    plan_publish,
    version_of,
)
from neops.engine.workflows.versions import BUMPS, Version
from neops.errors import WorkflowInvalid
from neops.protocol import PublishBadRequest, PublishConflict, PublishRejected, PublishResult, dump

BLOCK = {"type": "functionBlock", "label": "ping", "functionBlock": "fb.io/ping:1", "parameters": {"n": 1}}
ADDED = {"type": "functionBlock", "label": "more", "functionBlock": "fb.io/more:1"}


def workflow(version: str = "1.0.0", **changes: Any) -> RootWorkflow:
    major, minor, patch = (int(part) for part in version.split("."))
    document: dict[str, Any] = {
        "type": "workflow",
        "package": "wf.io",
        "name": "demo",
        "label": "demo",
        "majorVersion": major,
        "minorVersion": minor,
        "patchVersion": patch,
        "seedEntity": "device",
        "steps": [BLOCK],
        "parameterSchema": {"type": "object", "properties": {"a": {"type": "string"}}},
    }
    return parse_workflow(document | changes)


def value_changed(version: str) -> RootWorkflow:
    return workflow(version, steps=[{**BLOCK, "parameters": {"n": 2}}])


def step_added(version: str) -> RootWorkflow:
    return workflow(version, steps=[BLOCK, ADDED])


def step_removed(version: str) -> RootWorkflow:
    return workflow(version, steps=[ADDED])


def published(*documents: RootWorkflow) -> list[PublishedVersion]:
    return [PublishedVersion(workflow=one) for one in documents]


def written(plan: PublishPlan) -> str | None:
    return str(version_of(plan.write)) if plan.write else None


CHANGES: list[tuple[dict[str, Any], str | None]] = [
    ({}, None),
    ({"$schema": "https://example.io/schema"}, None),
    ({"retryConfig": None, "delay": None, "assert": None, "continueOnError": False}, None),
    ({"description": "better words"}, "patch"),
    ({"steps": [{**BLOCK, "parameters": {"n": 2}}]}, "patch"),
    ({"steps": [{**BLOCK, "functionBlock": "fb.io/ping:1.2"}]}, "patch"),
    ({"steps": [{**BLOCK, "condition": {"type": "jmes", "jmes": "parameters.a"}}]}, "patch"),
    ({"steps": [BLOCK, ADDED]}, "minor"),
    ({"steps": [{"type": "workflow", "label": "group", "name": "g", "steps": [BLOCK]}]}, "minor"),
    ({"steps": [ADDED]}, "major"),
    ({"steps": [{**BLOCK, "functionBlock": "fb.io/ping:2"}]}, "major"),
    ({"steps": [{**BLOCK, "functionBlock": "fb.io/pong:1"}]}, "major"),
    ({"steps": [{**BLOCK, "runOn": "interface"}]}, "major"),
    ({"seedEntity": "interface"}, "major"),
    ({"parameterSchema": {"type": "object", "properties": {}}}, "major"),
    ({"parameterSchema": {"type": "object", "properties": {"a": {"type": "integer"}}}}, "major"),
    ({"parameterSchema": {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}}, "major"),
    ({"parameterSchema": {"type": "object", "properties": {"a": {"type": "string", "description": "x"}}}}, "patch"),
    ({"parameterSchema": {"type": "object", "properties": {"a": {"type": "string"}, "b": {}}}}, "minor"),
    ({"parameterSchema": {"properties": {"a": {"type": "string"}, "b": {}}, "required": ["b"]}}, "major"),
    ({"parameterSchema": {"properties": {"a": {"type": "string"}}}}, "patch"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "needed"), CHANGES)
def test_a_change_asks_for_a_bump_of_its_size(changes: dict[str, Any], needed: str | None) -> None:
    assert floor(compare(workflow(), workflow("1.9.9", **changes))) == needed


def test_a_finding_names_the_step_it_is_about() -> None:
    [removed, added] = compare(workflow(), step_removed("2.0.0"))

    assert (removed.code, removed.level, removed.path) == ("stepRemoved", "major", "steps.ping")
    assert added.target is not None
    assert (added.target.kind, added.target.label) == ("step", "more")


def test_the_first_version_is_published_as_declared() -> None:
    plan = plan_publish([], workflow("0.3.0"))

    assert (plan.status, written(plan)) == (201, "0.3.0")
    assert isinstance(plan.body, PublishResult)
    assert (plan.body.id, plan.body.bump, plan.body.floor) == ("wf.io/demo:0.3.0", None, None)


def test_the_same_content_again_changes_nothing() -> None:
    plan = plan_publish(published(workflow()), workflow())

    assert (plan.status, plan.write) == (200, None)
    assert isinstance(plan.body, PublishResult)
    assert plan.body.status == "unchanged"


def test_a_published_version_never_gets_other_content() -> None:
    plan = plan_publish(published(workflow("1.0.0"), workflow("1.1.0")), value_changed("1.0.0"))

    assert (plan.status, plan.write) == (409, None)
    assert isinstance(plan.body, PublishConflict)
    assert (plan.body.error, plan.body.suggested_version) == ("VersionAlreadyPublished", "1.1.1")


def test_a_deleted_version_comes_back_with_its_own_content_only() -> None:
    deleted = [PublishedVersion(workflow=workflow(), deleted=True)]

    back = plan_publish(deleted, workflow())
    other = plan_publish(deleted, value_changed("1.0.0"))

    assert (back.status, back.revive, written(back)) == (201, True, "1.0.0")
    assert isinstance(other.body, PublishConflict)
    assert (other.body.error, other.body.suggested_version) == ("VersionDeleted", "1.0.1")


@pytest.mark.parametrize(
    ("document", "bump"),
    [(value_changed("1.0.1"), "patch"), (step_added("1.1.0"), "minor"), (step_removed("2.0.0"), "major")],
)
def test_a_version_that_says_enough_is_published_as_declared(document: RootWorkflow, bump: str) -> None:
    plan = plan_publish(published(workflow()), document)

    assert (plan.status, plan.write) == (201, document)
    assert isinstance(plan.body, PublishResult)
    assert (plan.body.bump, plan.body.floor, plan.body.declared_bump) == (bump, bump, bump)


def test_a_version_that_says_too_little_is_refused_and_told_how_to_go_on() -> None:
    known = published(workflow())

    refused = plan_publish(known, step_added("1.0.1"))
    assert refused.status == 422
    assert isinstance(refused.body, PublishRejected)
    assert (refused.body.error, refused.body.suggested_version) == ("BelowFloor", "1.1.0")
    assert refused.body.retry_with is not None

    accepted = plan_publish(known, step_added("1.0.1"), accept_bump=refused.body.retry_with.accept_bump)
    assert (accepted.status, written(accepted)) == (201, "1.1.0")
    assert isinstance(accepted.body, PublishResult)
    assert accepted.body.accepted_bump == "minor"


def test_a_major_change_is_never_accepted_by_a_flag() -> None:
    refused = plan_publish(published(workflow()), step_removed("1.0.1"))
    insisted = plan_publish(published(workflow()), step_removed("1.0.1"), accept_bump="minor")

    assert isinstance(refused.body, PublishRejected)
    assert (refused.body.retry_with, refused.body.suggested_version) == (None, "2.0.0")
    assert isinstance(insisted.body, PublishBadRequest)
    assert (insisted.status, insisted.body.error, insisted.body.expected) == (400, "AcceptBumpMismatch", None)


def test_accepting_another_bump_than_needed_is_a_mistake() -> None:
    plan = plan_publish(published(workflow()), step_added("1.0.1"), accept_bump="patch")

    assert isinstance(plan.body, PublishBadRequest)
    assert (plan.body.sent, plan.body.expected) == ("patch", "minor")


@pytest.mark.parametrize(
    ("document", "version"),
    [
        (value_changed("1.0.0"), "1.2.1"),
        (step_added("1.0.0"), "1.3.0"),
        (workflow("1.0.0"), None),
        (step_added("2.0.0"), "2.0.0"),
    ],
)
def test_increment_finds_the_next_version(document: RootWorkflow, version: str | None) -> None:
    plan = plan_publish(published(workflow("1.0.0"), workflow("1.2.0")), document, increment=True)

    assert written(plan) == version


def test_increment_never_makes_a_major_version() -> None:
    plan = plan_publish(published(workflow()), step_removed("1.0.0"), increment=True)

    assert isinstance(plan.body, PublishRejected)
    assert (plan.status, plan.body.error, plan.body.suggested_version) == (422, "MajorRequiresExplicit", "2.0.0")


def test_a_fix_of_an_old_line_is_measured_against_that_line() -> None:
    plan = plan_publish(published(workflow("1.0.0"), step_removed("2.0.0")), value_changed("1.0.1"))

    assert (plan.status, written(plan)) == (201, "1.0.1")


def test_a_bump_that_leads_past_newer_versions_is_measured_against_them() -> None:
    known = published(workflow("1.0.0"), step_removed("1.1.0"))

    plan = plan_publish(known, step_added("1.0.1"), accept_bump="minor")

    assert isinstance(plan.body, PublishResult)
    assert written(plan) == "1.2.0"
    assert {finding.path for finding in plan.body.findings} == {"steps.more", "steps.ping"}


@pytest.mark.parametrize(
    ("document", "would"),
    [
        (workflow("1.0.0"), "unchanged"),
        (value_changed("1.0.1"), "published"),
        (value_changed("1.0.0"), "VersionAlreadyPublished"),
        (step_added("1.0.1"), "BelowFloor"),
    ],
)
def test_a_dry_run_tells_and_writes_nothing(document: RootWorkflow, would: str) -> None:
    plan = plan_publish(published(workflow()), document, dry_run=True)

    assert (plan.status, plan.write) == (200, None)
    assert isinstance(plan.body, PublishResult)
    assert (plan.body.dry_run, plan.body.would_status, plan.body.status) == (True, would, None)


def test_an_invalid_document_is_answered_with_all_its_mistakes() -> None:
    with pytest.raises(WorkflowInvalid) as caught:
        load_workflow("name: demo")

    plan = invalid_document(caught.value)

    assert plan.status == 400
    assert b"InvalidDocument" in dump(plan.body)
    assert b"'package' is missing" in dump(plan.body)


VERSIONS = st.builds(Version, st.integers(0, 2), st.integers(0, 2), st.integers(0, 2)).map(str)
DOCUMENTS = st.one_of(*[st.builds(make, VERSIONS) for make in (workflow, value_changed, step_added, step_removed)])


@given(
    requests=st.lists(
        st.tuples(DOCUMENTS, st.booleans(), st.sampled_from([None, "patch", "minor"]), st.booleans()), max_size=12
    )
)
def test_whatever_is_asked_no_version_changes_and_every_step_is_big_enough(requests: list[Any]) -> None:
    known: dict[Version, PublishedVersion] = {}
    for document, increment, accept_bump, delete in requests:
        plan = plan_publish(known.values(), document, increment=increment, accept_bump=accept_bump)
        if plan.write is None:
            continue
        version = version_of(plan.write)
        before = known.get(version)
        assert before is None or (plan.revive and before.deleted and before.workflow == plan.write)
        below = [one for one, there in known.items() if not there.deleted and one < version]
        needed = floor(compare(known[max(below)].workflow, plan.write)) if below else None
        assert needed is None or plan.revive or BUMPS.index(version.bump_from(max(below))) >= BUMPS.index(needed)
        known[version] = PublishedVersion(workflow=plan.write, deleted=delete)
