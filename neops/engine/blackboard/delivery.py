"""From a lease to the message that a worker gets."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from neops.cms import DeviceSecrets
from neops.engine.store.records import Lease
from neops.protocol import Extension, JobDefinition, JsonObject

SecretsOf = Callable[[Collection[int]], Awaitable[Mapping[int, DeviceSecrets]]]
"""The credentials of devices by id, fresh from the CMS. Nothing else in the engine holds them."""


class Undeliverable(Exception):
    """A lease does not make a message that a worker would understand."""


def devices_of(leases: Iterable[Lease]) -> set[int]:
    """Ids of the devices in the leases' contexts."""
    return {device["id"] for lease in leases for device in _devices(lease.context)}


def message_of(
    lease: Lease, secrets: Mapping[int, DeviceSecrets], extensions: Collection[str], *, leased_at: datetime
) -> JobDefinition:
    """The job as its worker gets it, with the keys that the worker said it knows. `leased_at` is the store's time.

    Raises:
        Undeliverable: one malformed job would make a worker refuse all that came with it.
    """
    values: dict[str, Any] = {
        "function_block_id": lease.block,
        "job_id": lease.job,
        "step_label": lease.step_label,
        "parameters": lease.parameters,
        "context": _with_secrets(lease.context, secrets),
        "type": lease.type,
        "run_on": lease.run_on,
        "entity_id": lease.entity_id,
    }
    if Extension.LEASE_TOKEN in extensions:
        values |= {
            "lease_token": lease.token,
            "attempt": lease.attempt,
            "deadline": lease.deadline,
            "remaining_seconds": None if lease.deadline is None else (lease.deadline - leased_at).total_seconds(),
            "workflow_execution_id": lease.run,
        }
    if Extension.FORWARD_RESULT in extensions:
        values["forward_result"] = lease.forward_result
    try:
        return JobDefinition.model_validate(values)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise Undeliverable(f"the job cannot be given to a worker: {place}: {first['msg']}") from error


def _with_secrets(context: JsonObject, secrets: Mapping[int, DeviceSecrets]) -> dict[str, Any]:
    devices = [_with_secret(device, secrets.get(device["id"])) for device in _devices(context)]
    return {**context, "devices": devices}


def _with_secret(device: dict[str, Any], secret: DeviceSecrets | None) -> dict[str, Any]:
    known = {} if secret is None else {"password": secret.password, "connectionOptions": secret.connection_options}
    return {**device, **known}


def _devices(context: JsonObject) -> Sequence[Any]:
    devices = context.get("devices")
    return devices if isinstance(devices, list) else ()
