"""What commands do to the device itself, whatever session they are typed in. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from neops.testing.simulator.device import DeviceState
from neops.testing.simulator.editing import confirm_within_s
from neops.testing.simulator.filing import change_files
from neops.testing.simulator.platform import Verb
from neops.testing.simulator.replacing import change_whole


def act(device: DeviceState, verb: Verb, arguments: Mapping[str, str]) -> bool:
    """Carry a verb out; False: it is none about the device itself.

    Raises:
        FileNotFoundError, StorageFull: as in change_files.
        LineRejected: as in change_whole.
    """
    match verb:
        case "save":
            device.save()
        case "arm":
            device.datastore.arm(confirm_within_s(arguments))
        case "schedule_reboot":
            device.schedule_reboot(confirm_within_s(arguments))
        case "cancel_reboot":
            device.reboots_at = None
        case "remove_file" | "move_file" | "copy_file" | "empty_file":
            change_files(device.storage, verb, arguments)
        case _:
            return change_whole(device, verb, arguments)
    return True
