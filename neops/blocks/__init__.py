"""The author's seam: what a function block is, how it is registered, found and executed."""

from neops.blocks.artifacts import Artifact, Artifacts
from neops.blocks.block import BlockClass, FunctionBlock
from neops.blocks.context import WorkflowContext
from neops.blocks.discovery import BLOCK_GROUP, BrokenSource, Discovery, discover
from neops.blocks.execution import execute_block
from neops.blocks.group import DeviceOutcomes, group_result
from neops.blocks.jobs import BlockJob, JobInfo, JobKind, JobPorts, ProgressSink
from neops.blocks.models import (
    AcquireByQuery,
    AcquireClause,
    AcquireFromContext,
    FunctionBlockAcquireResult,
    FunctionBlockParams,
    FunctionBlockResult,
    FunctionBlockResultData,
    FunctionBlockRollbackResult,
)
from neops.blocks.outcome import BlockError, BlockOutcome
from neops.blocks.registration import FunctionBlockType, Registration, overrides, register_function_block
from neops.blocks.registry import BlockRegistry

__all__ = [
    "BLOCK_GROUP",
    "AcquireByQuery",
    "AcquireClause",
    "AcquireFromContext",
    "Artifact",
    "Artifacts",
    "BlockClass",
    "BlockError",
    "BlockJob",
    "BlockOutcome",
    "BlockRegistry",
    "BrokenSource",
    "DeviceOutcomes",
    "Discovery",
    "FunctionBlock",
    "FunctionBlockAcquireResult",
    "FunctionBlockParams",
    "FunctionBlockResult",
    "FunctionBlockResultData",
    "FunctionBlockRollbackResult",
    "FunctionBlockType",
    "JobInfo",
    "JobKind",
    "JobPorts",
    "ProgressSink",
    "Registration",
    "WorkflowContext",
    "discover",
    "execute_block",
    "group_result",
    "overrides",
    "register_function_block",
]
