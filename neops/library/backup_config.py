"""core.neops.io/backup_config: the running configuration, kept."""

from __future__ import annotations

import hashlib
import re
from collections import Counter

from neops.blocks import (
    FunctionBlock,
    FunctionBlockParams,
    FunctionBlockResult,
    FunctionBlockResultData,
    Registration,
    WorkflowContext,
    register_function_block,
)
from neops.devices import ReadsConfig
from neops.entities import Device
from neops.errors import BlockFailed
from neops.library import PACKAGE


class BackupConfigParams(FunctionBlockParams):
    """It needs none."""


class BackupConfigData(FunctionBlockResultData):
    """`changed` compares with the backup before; the first backup counts as changed. `sha256` is of the UTF-8 text."""

    artifact: str
    changed: bool
    lines: int
    sha256: str


@register_function_block(
    Registration(
        name="backup_config",
        package=PACKAGE,
        version=(1, 0, 0),
        description="Save the running configuration and say whether it changed since the last backup",
        run_on="device",
        fb_type="execute",
        param_cls=BackupConfigParams,
        result_cls=BackupConfigData,
        is_pure=True,
        is_idempotent=True,
    )
)
class BackupConfig(FunctionBlock[BackupConfigParams, BackupConfigData]):
    """Saves the running configuration as the artifact `config/<device>.cfg` and on the device.

    A changed one becomes the device's `current_configuration`, and the one before its `last_configuration`. An empty
    answer is a failure: it never replaces a good backup.
    """

    async def run(
        self,
        params: BackupConfigParams,  # noqa: ARG002
        context: WorkflowContext,
    ) -> FunctionBlockResult[BackupConfigData]:
        device = context.device
        running = (await context.connect(ReadsConfig).get_config("running")).running
        if not running.strip():
            raise BlockFailed(f"{device.name} gave an empty running configuration", retryable=True)
        artifact = context.artifacts.save(_file_name(device), running, media_type="text/plain")
        message = _compared(device.current_configuration, running)
        changed = device.current_configuration != running
        if changed:
            device.last_configuration, device.current_configuration = device.current_configuration, running
        data = BackupConfigData(
            artifact=artifact.name,
            changed=changed,
            lines=len(running.splitlines()),
            sha256=hashlib.sha256(artifact.data).hexdigest(),
        )
        return FunctionBlockResult(success=True, message=message, data=data)


def _file_name(device: Device) -> str:
    return f"config/{re.sub(r'[^A-Za-z0-9._-]+', '_', device.name).strip('.') or device.id}.cfg"


def _compared(before: str | None, now: str) -> str:
    lines = now.splitlines()
    if before is None:
        return f"first backup, {len(lines)} lines"
    if before == now:
        return f"unchanged, {len(lines)} lines"
    was, are = Counter(before.splitlines()), Counter(lines)
    return f"changed, {len(lines)} lines: +{(are - was).total()} -{(was - are).total()}"
