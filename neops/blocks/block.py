"""The class that block authors subclass."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeAlias

from typing_extensions import TypeVar

from neops.blocks.context import WorkflowContext
from neops.blocks.models import (
    D,
    FunctionBlockAcquireResult,
    FunctionBlockParams,
    FunctionBlockResult,
    FunctionBlockRollbackResult,
)

if TYPE_CHECKING:
    from neops.blocks.registration import Registration

P = TypeVar("P", bound=FunctionBlockParams, default=FunctionBlockParams)


class FunctionBlock(ABC, Generic[P, D]):
    """One thing to do on one entity, on any vendor's devices.

    Every method may be `async def`, or an ordinary `def`, which then runs in a thread of the job. A new instance is
    made for every job, without arguments.
    """

    registration: ClassVar[Registration]

    def acquire(self, params: P) -> Awaitable[FunctionBlockAcquireResult] | FunctionBlockAcquireResult:  # noqa: ARG002
        """Name the entities that the job needs besides the one at hand. Most blocks need none.

        What earlier steps have not said yet is None in `params` and named in `params.unresolved`.
        """
        return FunctionBlockAcquireResult()

    @abstractmethod
    def run(self, params: P, context: WorkflowContext) -> Awaitable[FunctionBlockResult[D]] | FunctionBlockResult[D]:
        """Do it. Changes to the context's entities are kept when the result is a success.

        Raises:
            BlockFailed: raise it when the network is wrong; it is the same as a result with `success=False`.
        """

    def rollback(
        self,
        params: P,  # noqa: ARG002
        context: WorkflowContext,  # noqa: ARG002
        result: FunctionBlockResult[D] | None = None,  # noqa: ARG002
    ) -> Awaitable[FunctionBlockRollbackResult] | FunctionBlockRollbackResult:
        """Undo what `run` did with the same parameters and context.

        `result` is what `run` gave back, None where the engine does not say. Override it in a `reversible` block.
        """
        return FunctionBlockRollbackResult(success=False, message="this block cannot be rolled back")


BlockClass: TypeAlias = type[FunctionBlock[Any, Any]]
