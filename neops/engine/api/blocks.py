"""Function blocks: registering and looking them up."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import APIRouter
from starlette.responses import Response

from neops.engine.api.answers import answer, answer_all, empty, not_found
from neops.engine.api.messages import block_message, registration_message, worker_message
from neops.engine.api.services import Parts, Services
from neops.engine.blackboard import WorkerUnknown
from neops.engine.store.changes import NewBlock
from neops.engine.store.records import Block, BlockId, Version, WorkerId
from neops.protocol import (
    FunctionBlock,
    FunctionBlockRegistration,
    RegisterFunctionBlock,
    WorkerRegistration,
)

router = APIRouter(prefix="/function-blocks", tags=["function blocks"])


@router.post("/register", status_code=HTTPStatus.CREATED)
async def register(block: RegisterFunctionBlock, parts: Parts) -> Response:
    """Keep a block and note that the worker offers it; doing it again changes nothing."""
    worker = None if block.worker_id is None else WorkerId(block.worker_id)
    if worker is not None and await parts.store.workers.get(worker) is None:
        raise WorkerUnknown(worker)
    await parts.store.blocks.register(_new(block), worker)
    return empty(HTTPStatus.CREATED)


@router.get("/registrations/list", response_model=list[FunctionBlockRegistration])
async def find(
    parts: Parts,
    package: str | None = None,
    name: str | None = None,
    findDeleted: bool = False,  # noqa: N803
    populateWorkers: bool = False,  # noqa: N803
) -> Response:
    found = await parts.store.blocks.find(package=package, name=name, deleted=findDeleted)
    return answer_all(
        [
            registration_message(block, await parts.store.blocks.workers(block.id) if populateWorkers else None)
            for block in found
        ]
    )


@router.get("/registrations/{pkg}/{name}/{version}", response_model=FunctionBlockRegistration)
async def registration(pkg: str, name: str, version: str, parts: Parts) -> Response:
    block = await _known(parts, pkg, name, version)
    return answer(registration_message(block, await parts.store.blocks.workers(block.id)))


@router.get("/{pkg}/{name}/{version}/workers", response_model=list[WorkerRegistration])
async def workers(pkg: str, name: str, version: str, parts: Parts) -> Response:
    block = await _known(parts, pkg, name, version)
    return answer_all([worker_message(worker) for worker in await parts.store.blocks.workers(block.id)])


@router.get("/{pkg}/{name}/{version}", response_model=FunctionBlock)
async def get(pkg: str, name: str, version: str, parts: Parts) -> Response:
    return answer(block_message(await _known(parts, pkg, name, version)))


@router.delete("/{pkg}/{name}/{version}")
async def delete(pkg: str, name: str, version: str, parts: Parts) -> Response:
    if not await parts.store.blocks.delete(_id(pkg, name, version)):
        raise not_found(f"there is no function block {_id(pkg, name, version)}")
    return empty(HTTPStatus.OK)


def _id(pkg: str, name: str, version: str) -> BlockId:
    return BlockId(f"{pkg}/{name}:{version}")


async def _known(parts: Services, pkg: str, name: str, version: str) -> Block:
    block = await parts.store.blocks.get(_id(pkg, name, version))
    if block is None:
        raise not_found(f"there is no function block {_id(pkg, name, version)}")
    return block


def _new(block: RegisterFunctionBlock) -> NewBlock:
    return NewBlock(
        package=block.package,
        name=block.name,
        version=Version(major=block.major_version, minor=block.minor_version, patch=block.patch_version),
        run_on=block.run_on or "global",
        type=block.fb_type,
        description=block.description,
        markdown_help_text=block.markdown_help_text,
        deprecated=block.deprecated,
        parameter_schema=block.parameter_json_schema,
        result_schema=block.result_data_json_schema,
        idempotent=block.is_idempotent,
        pure=block.is_pure,
        reversible=block.reversible,
        own_acquire=block.own_acquire is not False,
    )
