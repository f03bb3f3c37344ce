"""core.neops.io/configure: a device's configuration, changed safely."""

from __future__ import annotations

from typing import Annotated

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
from neops.devices import ChangeMode, ChangeOutcome, ConfigChange, ConfirmStrength, WritesConfig
from neops.library import PACKAGE

CONFIRM_WITHIN_S = 300.0
"""Long enough for a routing protocol to converge and for some logins, in whole minutes for platforms that count so."""


class ConfigureParams(FunctionBlockParams):
    """`config` is in the platform's own words. `confirm_within` is seconds; null commits without a way back."""

    config: Annotated[str, Field(min_length=1)]
    mode: ChangeMode = "merge"
    confirm_within: Annotated[float, Field(gt=0)] | None = CONFIRM_WITHIN_S
    dry_run: bool = False


class ConfigureData(FunctionBlockResultData):
    """`diff` is what was changed, or in a dry run what would be. `strength` says who would have taken it back."""

    changed: bool
    diff: str
    outcome: ChangeOutcome
    strength: ConfirmStrength


@register_function_block(
    Registration(
        name="configure",
        package=PACKAGE,
        version=(1, 0, 0),
        description="Change the configuration, confirmed over a new login or taken back by the device",
        run_on="device",
        fb_type="configure",
        param_cls=ConfigureParams,
        result_cls=ConfigureData,
        is_idempotent=True,
    )
)
class Configure(FunctionBlock[ConfigureParams, ConfigureData]):
    """Merges lines into the running configuration, or replaces it, as one transaction.

    The change is committed to be confirmed, the device is logged in to anew, and only then the change is kept, also
    over a reboot. A device that cannot be reached any more takes the change back by itself. A line that the device
    refuses is an error that quotes it, and nothing is left of the others. `dry_run` shows the difference and changes
    nothing.

    There is no rollback of a change that is kept: what others have configured since would be lost with it.
    """

    async def run(self, params: ConfigureParams, context: WorkflowContext) -> FunctionBlockResult[ConfigureData]:
        async with context.connect(WritesConfig).change(params.config, mode=params.mode) as change:
            if not params.dry_run:
                await change.commit(params.confirm_within)
                if params.confirm_within is not None:
                    await change.confirm()
        data = ConfigureData(
            changed=change.outcome is ChangeOutcome.CHANGED,
            diff=change.diff,
            outcome=change.outcome,
            strength=change.strength,
        )
        return FunctionBlockResult(success=True, message=_message(change, params), data=data)


def _message(change: ConfigChange, params: ConfigureParams) -> str:
    if not change.diff.strip() or (change.outcome is ChangeOutcome.UNCHANGED and not params.dry_run):
        return "unchanged"
    lines = [line.lstrip() for line in change.diff.splitlines()]
    counted = " ".join(
        f"{sign}{sum(line.startswith(sign) and not line.startswith(sign * 3) for line in lines)}" for sign in "+-"
    )
    return f"would change: {counted}" if params.dry_run else f"changed: {counted}"
