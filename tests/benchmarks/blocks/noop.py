"""A block that only says when it was entered."""

import time

from neops import (
    FunctionBlock,
    FunctionBlockParams,
    FunctionBlockResult,
    FunctionBlockResultData,
    Registration,
    WorkflowContext,
    register_function_block,
)


class Entered(FunctionBlockResultData):
    at: float


@register_function_block(
    Registration(
        name="noop",
        package="bench.neops.io",
        version=(1, 0, 0),
        description="Say when the block was entered",
        run_on="device",
        fb_type="facts",
        param_cls=FunctionBlockParams,
        result_cls=Entered,
        is_pure=True,
    )
)
class Noop(FunctionBlock[FunctionBlockParams, Entered]):
    async def run(self, params: FunctionBlockParams, context: WorkflowContext) -> FunctionBlockResult[Entered]:
        return FunctionBlockResult(success=True, data=Entered(at=time.time()))
