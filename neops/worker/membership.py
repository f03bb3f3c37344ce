"""Joining an engine: agree on a version, register, offer the blocks."""

from __future__ import annotations

import asyncio
import functools
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from neops._version import __version__
from neops.blocks import BlockRegistry, overrides
from neops.blocks.block import BlockClass
from neops.concurrency import Deadline
from neops.errors import NeopsError
from neops.protocol import Extension, FunctionBlockType, RegisterFunctionBlock, RegisterWorker, Versionable
from neops.settings import WorkerSettings
from neops.worker.backoff import Backoff
from neops.worker.client import EngineClient
from neops.worker.errors import EngineIncompatible, EngineRefused, EngineUnavailable

logger = logging.getLogger(__name__)

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Membership:
    """What the engine knows us by, what it knows beyond the published contract, and what we offer."""

    worker_id: str
    extensions: frozenset[str]
    offers: Sequence[Versionable]

    def has(self, extension: Extension) -> bool:
        """Whether the engine announced an extension; only then it may be used."""
        return extension in self.extensions


async def join(client: EngineClient, settings: WorkerSettings, registry: BlockRegistry, backoff: Backoff) -> Membership:
    """Register with the engine, trying again for `startup_timeout_s` while it cannot be reached.

    A block that the engine refuses is reported and not offered; the others are.

    Raises:
        EngineIncompatible: the engine does not want this version.
        EngineRefused: it refuses the worker, or all of its blocks.
        EngineUnavailable: it could not be reached in time.
    """
    limit = Deadline.after(settings.startup_timeout_s)

    async def enter() -> tuple[str, frozenset[str]]:
        extensions = await _agree(client)
        worker_id = await _register(client, settings, extensions or frozenset())
        if extensions is None:
            logger.warning("the engine does not tell its version; only what is published is used")
        return worker_id, extensions or frozenset()

    worker_id, extensions = await _until(limit, backoff, enter)
    offers = [_offer(block, worker_id, extensions) for block in registry.values()]
    try:
        taken = await _announce(client, offers, functools.partial(_until, limit, backoff))
    except (NeopsError, asyncio.CancelledError):
        await leave(client, worker_id)
        raise
    fields: dict[str, object] = {"worker": worker_id, "blocks": len(taken), "refused": len(offers) - len(taken)}
    logger.info("registered with the engine", extra=fields)
    return Membership(worker_id=worker_id, extensions=extensions, offers=[_version(offer) for offer in taken])


async def _announce(
    client: EngineClient,
    offers: Sequence[RegisterFunctionBlock],
    patiently: Callable[[Callable[[], Awaitable[None]]], Awaitable[None]],
) -> list[RegisterFunctionBlock]:
    """Offer the blocks one by one; answers those that the engine took."""
    taken: list[RegisterFunctionBlock] = []
    refusal: EngineRefused | None = None
    for offer in offers:
        try:
            await patiently(functools.partial(client.register_block, offer))
        except EngineRefused as refused:
            refusal = refused
            logger.error("the engine refuses a block", extra={"block": _version(offer).id, "reason": str(refused)})
        else:
            taken.append(offer)
    if refusal is not None and not taken:
        raise refusal
    return taken


async def leave(client: EngineClient, worker_id: str) -> None:
    """Unregister; that this fails is logged and stops nobody."""
    try:
        await client.unregister(worker_id)
    except NeopsError as error:
        logger.warning("cannot unregister from the engine", extra={"worker": worker_id, "reason": str(error)})


async def _agree(client: EngineClient) -> frozenset[str] | None:
    """The engine's extensions; None when it does not answer the question."""
    try:
        answer = await client.check_compatibility()
    except (EngineRefused, EngineUnavailable):
        return None
    if not answer.compatible:
        raise EngineIncompatible(
            f"engine {answer.version} does not work with {answer.checked_library} {answer.checked_version}:"
            " update the engine or this worker"
        )
    if answer.deprecated:
        logger.warning("the engine will stop to support this version", extra={"engine": answer.version})
    return frozenset(answer.extensions or ())


async def _register(client: EngineClient, settings: WorkerSettings, extensions: frozenset[str]) -> str:
    ours = [str(extension) for extension in Extension] if extensions else None
    worker = RegisterWorker(version=__version__, name=settings.name, ip_address=settings.ip_address, extensions=ours)
    return (await client.register(worker)).uuid


async def _until(limit: Deadline, backoff: Backoff, attempt: Callable[[], Awaitable[T]]) -> T:
    """Try until it works, is refused, or the limit comes."""
    for delay in backoff.delays():
        try:
            return await attempt()
        except EngineUnavailable as error:
            if limit.remaining() < delay:
                raise
            logger.warning("waiting for the engine", extra={"reason": str(error), "again_in_s": round(delay, 1)})
        await asyncio.sleep(delay)
    raise AssertionError("delays never end")


def _offer(block: BlockClass, worker_id: str, extensions: frozenset[str]) -> RegisterFunctionBlock:
    registration = block.registration
    major, minor, patch = registration.version_numbers
    return RegisterFunctionBlock(
        package=registration.package,
        name=registration.name,
        major_version=major,
        minor_version=minor,
        patch_version=patch,
        worker_id=worker_id,
        description=registration.description,
        run_on=str(registration.run_on),
        fb_type=FunctionBlockType(registration.fb_type),
        markdown_help_text=registration.help_text or "",
        deprecated=registration.deprecated,
        parameter_json_schema=registration.parameter_schema(),
        result_data_json_schema=registration.result_schema(),
        is_idempotent=registration.is_idempotent,
        is_pure=registration.is_pure,
        reversible=registration.reversible,
        own_acquire=overrides(block, "acquire") if Extension.OWN_ACQUIRE in extensions else None,
    )


def _version(offer: RegisterFunctionBlock) -> Versionable:
    return Versionable.model_validate(offer.model_dump())
