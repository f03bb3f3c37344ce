"""core.neops.io/detect: the platform of a device that has none."""

from __future__ import annotations

from functools import partial

from pydantic import Field

from neops.blocks import (
    FunctionBlock,
    FunctionBlockParams,
    FunctionBlockResult,
    FunctionBlockResultData,
    Registration,
    WorkflowContext,
    register_function_block,
)
from neops.devices.detection import Candidate, Detection, Evidence, UnknownDevice, detect
from neops.entities import ConnectionState, Device, Platform
from neops.library import PACKAGE

SHOWN = 1_000
"""Characters of a piece of evidence in the result."""


class DetectParams(FunctionBlockParams):
    """`again` asks devices that have a platform as well; `within` is seconds for one device, its login included."""

    again: bool = False
    within: float = Field(default=60.0, gt=0)


class DetectData(FunctionBlockResultData):
    """`candidates` are the platforms that something speaks for, the likeliest first; `score` is 0 to 1.

    `evidence` is there when the platform is not known: what the device said. All are empty when nobody asked.
    """

    platform: str | None
    changed: bool
    candidates: list[Candidate] = Field(default_factory=list)
    evidence: list[Evidence] = Field(default_factory=list)


@register_function_block(
    Registration(
        name="detect",
        package=PACKAGE,
        version=(1, 0, 0),
        description="Find out which platform a device has, and keep it on the device",
        run_on="device",
        fb_type="facts",
        param_cls=DetectParams,
        result_cls=DetectData,
        is_pure=True,
        is_idempotent=True,
    )
)
class Detect(FunctionBlock[DetectParams, DetectData]):
    """Logs in to a device without a platform, looks at what it says by itself and to a few commands that only read.

    The platform is kept on the device when the evidence is enough; when it is not, the block fails with what it saw.
    A device that has a platform is left alone unless `again` is set.
    """

    async def run(self, params: DetectParams, context: WorkflowContext) -> FunctionBlockResult[DetectData]:
        device = context.device
        known = device.platform_name
        if known is not None and not params.again:
            return FunctionBlockResult(
                success=True, message=f"is {known} already", data=DetectData(platform=known, changed=False)
            )
        found = await detect(device, partial(context.connect, UnknownDevice), within_s=params.within)
        device.connection_state = ConnectionState.OK
        return _kept(found, device) if found.platform else _unknown(found)


def _kept(found: Detection, device: Device) -> FunctionBlockResult[DetectData]:
    changed = device.platform_name != found.platform
    if changed:
        device.platform = Platform(short_name=found.platform)
    data = DetectData(platform=found.platform, changed=changed, candidates=[*found.candidates])
    return FunctionBlockResult(success=True, message=f"{found.platform}: {found.candidates[0].reasons[0]}", data=data)


def _unknown(found: Detection) -> FunctionBlockResult[DetectData]:
    likely = ", ".join(f"{one.platform} {one.score:.0%}" for one in found.candidates[:3])
    message = "the platform is not known" + (f"; perhaps {likely}" if likely else "")
    data = DetectData(
        platform=None,
        changed=False,
        candidates=[*found.candidates],
        evidence=[Evidence(source=one.source, text=one.text[:SHOWN]) for one in found.evidence],
    )
    problem = f"; {found.problem}" if found.problem else ""
    return FunctionBlockResult(success=False, message=message + problem, data=data, retryable=bool(found.problem))
