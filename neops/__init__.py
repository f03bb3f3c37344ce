"""neops: network automation that runs on any vendor's devices.

What authors of function blocks need is here: `from neops import FunctionBlock, …`. Names are imported when they are
used, so that a part of neops that needs no blocks, such as the engine, does not load them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from neops._lazily import lazily
from neops._version import __version__

if TYPE_CHECKING:
    from neops.blocks import (
        AcquireByQuery,
        AcquireFromContext,
        DeviceOutcomes,
        FunctionBlock,
        FunctionBlockAcquireResult,
        FunctionBlockParams,
        FunctionBlockResult,
        FunctionBlockResultData,
        FunctionBlockRollbackResult,
        FunctionBlockType,
        JobInfo,
        Registration,
        WorkflowContext,
        group_result,
        register_function_block,
    )
    from neops.concurrency import BlockingDetector, ParallelFailed, run_in_thread, run_parallel, schedule_task
    from neops.entities import (
        ConnectionState,
        Device,
        DeviceGroup,
        DeviceOutcome,
        EntityReference,
        EntityType,
        Interface,
        InterfaceState,
        Outcome,
        Platform,
        Secret,
    )
    from neops.errors import BlockFailed, DeviceError, NeopsError

__all__ = [
    "AcquireByQuery",
    "AcquireFromContext",
    "BlockFailed",
    "BlockingDetector",
    "ConnectionState",
    "Device",
    "DeviceError",
    "DeviceGroup",
    "DeviceOutcome",
    "DeviceOutcomes",
    "EntityReference",
    "EntityType",
    "FunctionBlock",
    "FunctionBlockAcquireResult",
    "FunctionBlockParams",
    "FunctionBlockResult",
    "FunctionBlockResultData",
    "FunctionBlockRollbackResult",
    "FunctionBlockType",
    "Interface",
    "InterfaceState",
    "JobInfo",
    "NeopsError",
    "Outcome",
    "ParallelFailed",
    "Platform",
    "Registration",
    "Secret",
    "WorkflowContext",
    "__version__",
    "group_result",
    "register_function_block",
    "run_in_thread",
    "run_parallel",
    "schedule_task",
]

if not TYPE_CHECKING:  # type checkers see the imports above, and names that are none
    __getattr__, __dir__ = lazily(
        __name__, __all__, ("neops.errors", "neops.entities", "neops.concurrency", "neops.blocks")
    )
