"""The boundary around an author's code: whatever a block does, a BlockOutcome comes out."""

from __future__ import annotations

from neops.blocks.jobs import BlockJob, JobPorts
from neops.blocks.outcome import BlockError, BlockOutcome


async def execute_block(job: BlockJob, ports: JobPorts) -> BlockOutcome:  # noqa: ARG001
    """Run one job to its end. Call it in an event loop of the job's own.

    The job's deadline (`job.info.deadline`) bounds it, `run_in_thread` uses the executor that is bound around it.

    Raises:
        asyncio.CancelledError: the task that runs it was cancelled; nothing else ever comes out.
    """
    message = f"{job.block.registration.id} cannot be executed yet"
    return BlockOutcome(success=False, message=message, error=BlockError(type="NotImplementedError", message=message))
