"""A whole function block: it works on every platform that some installed plugin can read facts from."""

from neops import (
    FunctionBlock,
    FunctionBlockParams,
    FunctionBlockResult,
    FunctionBlockResultData,
    Registration,
    WorkflowContext,
    register_function_block,
)
from neops.devices import ReadsFacts


class Version(FunctionBlockResultData):
    version: str


@register_function_block(
    Registration(
        name="show_version",
        package="fb.example.io",
        version="1.0.0",
        description="Read the software version",
        run_on="device",
        fb_type="facts",
        param_cls=FunctionBlockParams,
        result_cls=Version,
        is_pure=True,
    )
)
class ShowVersion(FunctionBlock[FunctionBlockParams, Version]):
    async def run(self, params: FunctionBlockParams, context: WorkflowContext) -> FunctionBlockResult[Version]:
        router = context.connect(ReadsFacts)
        facts = await router.get_facts()
        context.device.software_release = facts.os_version
        return FunctionBlockResult(success=True, message=facts.os_version, data=Version(version=facts.os_version))
