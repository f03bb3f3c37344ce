"""core.neops.io/facts: who a device is."""

from __future__ import annotations

from neops.blocks import (
    FunctionBlock,
    FunctionBlockParams,
    FunctionBlockResult,
    FunctionBlockResultData,
    Registration,
    WorkflowContext,
    register_function_block,
)
from neops.devices import Facts, ReadsFacts
from neops.entities import ConnectionState, Device
from neops.library import PACKAGE


class FactsParams(FunctionBlockParams):
    """It needs none."""


class FactsData(FunctionBlockResultData):
    """Keys and units as NAPALM's `get_facts`: `uptime` in seconds, -1 when unknown."""

    hostname: str
    fqdn: str
    vendor: str
    model: str
    serial_number: str
    os_version: str
    uptime: float
    interface_list: list[str]


@register_function_block(
    Registration(
        name="facts",
        package=PACKAGE,
        version=(1, 0, 0),
        description="Read vendor, model, serial number and software version, and keep them on the device",
        run_on="device",
        fb_type="facts",
        param_cls=FactsParams,
        result_cls=FactsData,
        is_pure=True,
        is_idempotent=True,
    )
)
class CollectFacts(FunctionBlock[FactsParams, FactsData]):
    """Reads who the device is: vendor, model, serial number, software version, uptime and interfaces.

    The first four are kept on the device; what it does not tell stays as it was.
    """

    async def run(self, params: FactsParams, context: WorkflowContext) -> FunctionBlockResult[FactsData]:  # noqa: ARG002
        facts = await context.connect(ReadsFacts).get_facts()
        _keep(facts, context.device)
        data = FactsData.model_validate(facts.model_dump())
        return FunctionBlockResult(success=True, message=f"{facts.vendor} {facts.model} {facts.os_version}", data=data)


def _keep(facts: Facts, device: Device) -> None:
    device.vendor = facts.vendor or device.vendor
    device.model = facts.model or device.model
    device.serial = facts.serial_number or device.serial
    device.software_release = facts.os_version or device.software_release
    device.connection_state = ConnectionState.OK
