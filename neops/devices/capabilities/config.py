"""Reading and changing the configuration."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Awaitable
from contextlib import AbstractAsyncContextManager
from typing import Literal, Protocol, runtime_checkable

from neops.devices.config_change import ChangeMode, ConfigChange
from neops.devices.results import Configs


@runtime_checkable
class ReadsConfig(Protocol):
    """Reads the configuration."""

    @abstractmethod
    def get_config(self, retrieve: Literal["running", "startup", "candidate", "all"] = "running") -> Awaitable[Configs]:
        """The configuration as text, without the lines that change at every reading (times, building messages)."""
        ...


@runtime_checkable
class WritesConfig(Protocol):
    """Changes the configuration, all of it or nothing, as a transaction."""

    @abstractmethod
    def change(self, config: str, *, mode: ChangeMode = "merge") -> AbstractAsyncContextManager[ConfigChange]:
        """Prepare a change, on a session of its own that other changes of the device wait for.

        ```python
        async with router.change("interface Gi0/1\\n shutdown") as change:
            log(change.diff)
            await change.commit(confirm_within=120)
            await still_good(router)
            await change.confirm()
        change.outcome
        ```

        `config` is in the platform's own words, as `get_config` prints them.

        Raises:
            ConfigRejected: the device refused a line.
            ConfigLocked: somebody else is changing the configuration.
        """
        ...
