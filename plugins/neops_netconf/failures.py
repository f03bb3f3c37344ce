"""A server's `rpc-error` as our errors."""

from __future__ import annotations

import re
from typing import Final

from neops.errors import ChangeFailed, CommandRejected, ConfigLocked, ConfigRejected
from neops_netconf.messages import RpcError

LOCKED: Final = frozenset({"lock-denied", "in-use"})
"""RFC 6241 appendix A: somebody else holds the lock; somebody else uses the resource."""

ENVELOPE: Final = re.compile(r"^/(?:\w+:)?rpc/(?:\w+:)?edit-config/(?:\w+:)?config(?=/)")
"""What comes before the path of a configuration where servers count from the message."""


class RpcRejected(CommandRejected):
    """The server answered an operation with errors, all of which are in `errors`."""

    def __init__(self, device: str, operation: str, errors: tuple[RpcError, ...]) -> None:
        super().__init__(device, operation, "\n".join(str(error) for error in errors))
        self.errors = errors

    @property
    def locked(self) -> bool:
        """Whether the reason is somebody else; yuma123 2.13 refuses to lock a candidate that was edited so."""
        reasons = LOCKED | {"resource-denied"} if self.command == "lock" else LOCKED
        return not reasons.isdisjoint(self.tags)

    @property
    def tags(self) -> frozenset[str]:
        return frozenset(error.tag for error in self.errors)

    @property
    def session_ids(self) -> frozenset[str]:
        """The sessions that hold what was asked for."""
        return frozenset(error.session_id for error in self.errors if error.session_id)

    def as_change(self) -> ChangeFailed:
        """The same, said of a change of configuration: the line that it quotes is the path of the first error."""
        if self.locked:
            return ConfigLocked(self.device, self.output)
        place, *_ = (ENVELOPE.sub("", error.path) for error in self.errors)
        answer = "\n".join(": ".join(filter(None, (error.tag, error.message))) for error in self.errors)
        return ConfigRejected(self.device, place or f"<{self.command}>", answer)
