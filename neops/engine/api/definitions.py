"""Workflow definitions: publishing, looking up, deleting, restoring."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import APIRouter
from starlette.responses import Response

from neops.engine.api.answers import answer, answer_all, empty, not_found
from neops.engine.api.messages import definition_message
from neops.engine.api.paths import decoded
from neops.engine.api.services import Parts
from neops.engine.store.changes import NewDefinition
from neops.engine.store.port import Store
from neops.engine.store.records import Definition, DefinitionId, Version
from neops.engine.workflows.definition import RootWorkflow
from neops.engine.workflows.loading import parse_workflow
from neops.engine.workflows.publishing import PublishedVersion, invalid_document, plan_publish
from neops.engine.workflows.validation import check_workflow
from neops.engine.workflows.versions import SemverRef, resolve
from neops.errors import WorkflowInvalid
from neops.protocol import PublishResult, PublishWorkflow, WorkflowDefinition

router = APIRouter(prefix="/workflow-definition", tags=["workflows"])


@router.get("", response_model=list[WorkflowDefinition])
async def find(parts: Parts, findDeleted: bool = False) -> Response:  # noqa: N803 - the name in the contract
    found = await parts.store.definitions.find(deleted=findDeleted)
    return answer_all([definition_message(definition) for definition in found])


@router.post("/publish", status_code=HTTPStatus.CREATED, response_model=PublishResult)
async def publish(wanted: PublishWorkflow, parts: Parts) -> Response:
    """Keep a version: 201 written, 200 unchanged or a dry run, 400, 409 and 422 say what to do instead."""
    try:
        workflow = parse_workflow(wanted.workflow)
        if issues := check_workflow(workflow):
            raise WorkflowInvalid(issues)
    except WorkflowInvalid as invalid:
        plan = invalid_document(invalid)
        return answer(plan.body, plan.status)
    existing = await parts.store.definitions.find(package=workflow.package, name=workflow.name, deleted=True)
    plan = plan_publish(
        [_published(one) for one in existing],
        workflow,
        increment=wanted.increment,
        dry_run=wanted.dry_run,
        accept_bump=wanted.accept_bump,
    )
    if plan.write is not None:
        await _write(parts.store, plan.write, revive=plan.revive)
    return answer(plan.body, plan.status)


@router.get("/find-by-semver/{semver}", response_model=WorkflowDefinition)
async def find_by_semver(semver: str, parts: Parts) -> Response:
    """The newest version that `package/name:major[.minor[.patch]]` covers."""
    wanted = SemverRef.parse(decoded(semver))
    known = {one.id: one for one in await parts.store.definitions.find(package=wanted.package, name=wanted.name)}
    id_ = resolve(wanted, known)
    if id_ is None:
        raise not_found(f"no workflow {decoded(semver)} is published")
    return answer(definition_message(known[DefinitionId(id_)]))


@router.get("/{id}", response_model=WorkflowDefinition)
async def get(id: str, parts: Parts, findDeleted: bool = False) -> Response:  # noqa: A002, N803
    found = await parts.store.definitions.get(DefinitionId(decoded(id)), deleted=findDeleted)
    if found is None:
        raise not_found(f"there is no workflow {decoded(id)}")
    return answer(definition_message(found))


@router.delete("/{id}")
async def delete(id: str, parts: Parts) -> Response:  # noqa: A002
    """Hide a version; runs of it go on, and its number is not given again."""
    if not await parts.store.definitions.delete(DefinitionId(decoded(id))):
        raise not_found(f"there is no workflow {decoded(id)}")
    return empty(HTTPStatus.OK)


@router.post("/{id}/restore")
async def restore(id: str, parts: Parts) -> Response:  # noqa: A002
    if not await parts.store.definitions.restore(DefinitionId(decoded(id))):
        raise not_found(f"there is no deleted workflow {decoded(id)}")
    return empty(HTTPStatus.OK)


def _published(definition: Definition) -> PublishedVersion:
    return PublishedVersion(workflow=parse_workflow(definition.document), deleted=definition.deleted_at is not None)


async def _write(store: Store, workflow: RootWorkflow, *, revive: bool) -> None:
    if revive:
        await store.definitions.restore(DefinitionId(workflow.id))
        return
    version = Version(major=workflow.major_version, minor=workflow.minor_version, patch=workflow.patch_version)
    await store.definitions.save(
        NewDefinition(package=workflow.package, name=workflow.name, version=version, document=workflow.document())
    )
