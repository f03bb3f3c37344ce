"""A block as authors wrote them before there were capabilities: it logs in by itself. Only its imports are neops's."""

import asyncio
import logging
import re

from netmiko import ConnectHandler

from neops import (
    Device,
    EntityReference,
    FunctionBlock,
    FunctionBlockAcquireResult,
    FunctionBlockParams,
    FunctionBlockResult,
    FunctionBlockResultData,
    FunctionBlockRollbackResult,
    Interface,
    Registration,
    WorkflowContext,
    register_function_block,
)
from neops.concurrency import run_in_thread, run_parallel, schedule_task

logger = logging.getLogger(__name__)


class NetmikoVersionParams(FunctionBlockParams):
    commands: list[str] = ["show version", "show clock"]


class NetmikoVersionResult(FunctionBlockResultData):
    version: str
    lines: dict[str, int]


@register_function_block(
    Registration(
        name="netmiko_version",
        description="Read the software version over a session of its own",
        package="fb.ported.io",
        version=(0, 3, 1),
        run_on="device",
        fb_type="facts",
        is_pure=False,
        is_idempotent=True,
        reversible=True,
        param_cls=NetmikoVersionParams,
        result_cls=NetmikoVersionResult,
    )
)
class NetmikoVersion(FunctionBlock[NetmikoVersionParams, NetmikoVersionResult]):
    async def acquire(self, params: NetmikoVersionParams) -> FunctionBlockAcquireResult:
        return FunctionBlockAcquireResult(success=True, message=f"{len(params.commands)} commands", acquires=[])

    async def run(
        self, params: NetmikoVersionParams, context: WorkflowContext
    ) -> FunctionBlockResult[NetmikoVersionResult]:
        ticking = schedule_task(self._tick())
        device = next(one for one in context.devices if one.id == context.entity_id)
        try:
            outputs = await run_parallel([self._send(device, command) for command in params.commands])
        except Exception as e:
            logger.exception("cannot log in")
            return FunctionBlockResult(success=False, message=f"{type(e).__name__} on {device.hostname}")
        finally:
            ticking.cancel()
        found = re.search(r"Version ([^,\s]+)", outputs[0])
        if found is None:
            return FunctionBlockResult(success=False, message="no version in the output")
        device.software_release = found.group(1)
        device.facts["os"] = device.platform.short_name if device.platform else None
        context.interfaces.append(
            Interface(id=10_000_001, name="Loopback99", device=EntityReference(hostname=device.hostname))
        )
        lines = {command: len(output.splitlines()) for command, output in zip(params.commands, outputs, strict=True)}
        return FunctionBlockResult(
            success=True, message="read", data=NetmikoVersionResult(version=found.group(1), lines=lines)
        )

    async def rollback(
        self, params: NetmikoVersionParams, context: WorkflowContext, result: object = None
    ) -> FunctionBlockRollbackResult:
        return FunctionBlockRollbackResult(success=True, message="nothing to undo")

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(1)

    @run_in_thread
    def _send(self, device: Device, command: str) -> str:
        with ConnectHandler(
            device_type=device.platform.short_name if device.platform else "",
            host=device.ip or "",
            port=int(str(device.facts.get("ssh_port", 22))),
            username=device.username or "",
            password=device.password,
            auth_timeout=10,
        ) as connection:
            return str(connection.send_command(command))
