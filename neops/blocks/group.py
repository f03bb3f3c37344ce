"""The result of a block that works on many devices."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping

from neops.blocks.models import FunctionBlockResult, FunctionBlockResultData
from neops.entities.outcomes import DeviceOutcome, Outcome

_SHOWN = 5


class DeviceOutcomes(FunctionBlockResultData):
    """How it ended for each device, by the device's name: the `result_cls` of a block that answers `group_result`."""

    devices: dict[str, DeviceOutcome]


def group_result(
    answers: Mapping[str, object], *, tolerate: Collection[Outcome] = ()
) -> FunctionBlockResult[DeviceOutcomes]:
    """One result from what each device gave: its answer, the exception it raised, or a DeviceOutcome.

    It is a success when every device is ok or changed. Devices that ended in one of `tolerate` do not make it a
    failure: the entity changes of the others are kept, and all outcomes are in the data in any case.

    Raises:
        NotJson: an answer has no JSON form.
    """
    outcomes = {name: DeviceOutcome.of(answer) for name, answer in answers.items()}
    bad = {name: one for name, one in outcomes.items() if not (one.status.good or one.status in tolerate)}
    return FunctionBlockResult(success=not bad, message=_message(outcomes), data=DeviceOutcomes(devices=outcomes))


def _message(outcomes: Mapping[str, DeviceOutcome]) -> str:
    counts = Counter(one.status for one in outcomes.values())
    summary = ", ".join(f"{counts[status]} {status}" for status in Outcome if counts[status]) or "no devices"
    bad = [(name, one) for name, one in outcomes.items() if not one.status.good]
    said = [f"{name} {one.status}: {one.message.removeprefix(f'{name}: ')}" for name, one in bad[:_SHOWN]]
    more = [f"and {len(bad) - _SHOWN} more"] if len(bad) > _SHOWN else []
    return "; ".join([summary, *said, *more])
