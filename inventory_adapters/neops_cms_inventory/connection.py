"""Nornir's connection plugin `neops`: a host's device by its capabilities, on neops' own sessions.

In a job the sessions are those of the worker's pool. In a plain script one device runtime serves all hosts: it starts
with the first connection that is opened, with the settings of the environment, and stops with the last one that is
closed, as `nr.close_connections()` does.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from typing_extensions import TypeForm

from neops.devices import CAPABILITIES, BlockingDevice, Connector, DeviceRuntime
from neops.devices.capabilities import methods_of
from neops.entities import Device, Platform, Secret
from neops.entities.platforms import netmiko_name
from neops_cms_inventory.host import CONNECTION, LINK, Link

if TYPE_CHECKING:
    from nornir.core.configuration import Config


class HostDevice:
    """The device of a host, whatever its vendor: all methods of all capabilities, the answer itself comes back.

    ```python
    def collect(task: Task) -> Result:
        router = task.host.get_connection("neops", task.nornir.config)
        return Result(host=task.host, result=router.get_facts().os_version)
    ```

    Each method is served by the best plugin that has its capability; `connect(Backup)` asks for one that has several.
    """

    def __init__(self, device: Device, connector: Connector, job: str | None = None) -> None:
        self._device, self._connector, self._job = device, connector, job
        self._bound: dict[type, BlockingDevice] = {}

    def connect(self, capability: TypeForm[Any]) -> BlockingDevice:
        """The device as one capability, single or composed.

        Raises:
            CapabilityMissing: no installed plugin can; the message says of each one why.
        """
        return self._connector.connect_blocking(self._device, capability, job=self._job)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        capability = _offered().get(name)
        if capability is None:
            raise AttributeError(f"no capability has a method {name!r}; there are {', '.join(sorted(_offered()))}")
        if capability not in self._bound:
            self._bound[capability] = self.connect(capability)
        call: Callable[..., Any] = getattr(self._bound[capability], name)
        return call

    def __repr__(self) -> str:
        return f"<{self._device.name} through neops>"


class NeopsConnection:
    """The plugin, as Nornir calls it. It logs in at the first call of a method, not when it is opened."""

    def __init__(self) -> None:
        self.connection: Any = None
        self._borrowed: SharedRuntime | None = None

    def open(
        self,
        hostname: str | None,
        username: str | None,
        password: str | None,
        port: int | None,
        platform: str | None,
        extras: dict[str, Any] | None = None,
        configuration: Config | None = None,  # noqa: ARG002  # part of Nornir's interface
    ) -> None:
        """Take the device that the host stands for, as far as a script left the host alone, or make one."""
        given = dict(extras or {})
        link: Link = given.pop(LINK, None) or Link(device=Device(id=1, hostname=hostname))
        said = {
            "ip": hostname,
            "port": port,
            "username": username,
            "password": password,
            "platform": None if platform is None else netmiko_name(platform),
        }
        device = link.device if _same(link.device, said, given) else _changed(link.device, said, given)
        connector = link.connector
        if connector is None:
            self._borrowed = shared_runtime()
            connector = self._borrowed.borrow()
        self.connection = HostDevice(device, connector, link.job)

    def close(self) -> None:
        """Let go of the device; its sessions stay with the pool."""
        self.connection = None
        if self._borrowed is not None:
            self._borrowed.give_back()
            self._borrowed = None


class SharedRuntime:
    """One device runtime for all who borrow it, running while somebody does."""

    def __init__(self, make: Callable[[], DeviceRuntime]) -> None:
        self._make = make
        self._changed = threading.Lock()
        self._borrowers = 0
        self._runtime: DeviceRuntime | None = None

    @property
    def running(self) -> bool:
        return self._runtime is not None

    def borrow(self) -> DeviceRuntime:
        """The runtime, started. Give it back once."""
        with self._changed:
            if self._runtime is None:
                runtime = self._make()
                runtime.start()
                self._runtime = runtime
            self._borrowers += 1
            return self._runtime

    def give_back(self) -> None:
        """The last one stops the runtime, which closes its sessions."""
        with self._changed:
            self._borrowers -= 1
            if self._borrowers == 0 and self._runtime is not None:
                self._runtime.stop()
                self._runtime = None


def _same(device: Device, said: Mapping[str, Any], extras: Mapping[str, Any]) -> bool:
    if extras or said["platform"] != device.platform_name or said["ip"] != (device.ip or device.hostname):
        return False
    return all(said[name] == getattr(device, name) for name in ("port", "username", "password"))


def _changed(device: Device, said: Mapping[str, Any], extras: Mapping[str, Any]) -> Device:
    """The device with what the host says in place of its own, and of its `neops` entry."""
    entries = json.loads(device.connection_options or "{}")
    login = {
        "password": None if said["password"] is None else Secret(said["password"]),
        "platform": None if said["platform"] is None else Platform(short_name=said["platform"]),
        "connection_options": Secret(json.dumps({**entries, CONNECTION: {"extras": extras}})),
    }
    return device.model_copy(update={**said, **login})


@cache
def shared_runtime() -> SharedRuntime:
    """That of plain scripts, made of the environment and `.env`."""
    return SharedRuntime(lambda: DeviceRuntime.from_environment(os.environ))


@cache
def _offered() -> Mapping[str, type]:
    return {method: capability for capability in CAPABILITIES for method in methods_of(capability)}
