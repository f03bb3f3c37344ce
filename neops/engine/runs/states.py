"""The statuses of a run and the moves between them.

new ─► valid ─► ready ─► resource_discovery ─► resources_discovered ─► scheduled ─► locking ─► locked ─► running
 │       └► blocked_waiting ─┘     │                                       └── refused ──┘                │  │
 └────────────► failed_safe ◄──────┘                                                                      │  │
                   ▲   ▲───────────────────── error ◄─────────────────────────────────────────────────────┘  │
                   │                            ├► rollback ─► failed_safe | failed_unsafe                    │
                   │                            └► failed_unsafe                                  completed ◄─┘
then completed_ack, failed_safe_ack, failed_unsafe_ack: entities are updated, locks are free (or kept, unsafe).
"""

from __future__ import annotations

from collections.abc import Mapping

from neops.protocol import RunStatus

_S = RunStatus

MOVES: Mapping[RunStatus, frozenset[RunStatus]] = {
    _S.NEW: frozenset({_S.VALID, _S.FAILED_SAFE}),
    _S.VALID: frozenset({_S.READY, _S.BLOCKED_WAITING, _S.FAILED_SAFE}),
    _S.BLOCKED_WAITING: frozenset({_S.READY, _S.FAILED_SAFE}),
    _S.READY: frozenset({_S.RESOURCE_DISCOVERY, _S.FAILED_SAFE}),
    _S.RESOURCE_DISCOVERY: frozenset({_S.RESOURCES_DISCOVERED, _S.FAILED_SAFE}),
    _S.RESOURCES_DISCOVERED: frozenset({_S.SCHEDULED, _S.FAILED_SAFE}),
    _S.SCHEDULED: frozenset({_S.LOCKING, _S.FAILED_SAFE}),
    _S.LOCKING: frozenset({_S.LOCKED, _S.SCHEDULED, _S.FAILED_SAFE}),
    _S.LOCKED: frozenset({_S.RUNNING, _S.FAILED_SAFE}),
    _S.RUNNING: frozenset({_S.COMPLETED, _S.ERROR}),
    _S.ERROR: frozenset({_S.FAILED_SAFE, _S.FAILED_UNSAFE, _S.ROLLBACK}),
    _S.ROLLBACK: frozenset({_S.FAILED_SAFE, _S.FAILED_UNSAFE}),
    _S.COMPLETED: frozenset({_S.COMPLETED_ACK}),
    _S.FAILED_SAFE: frozenset({_S.FAILED_SAFE_ACK}),
    _S.FAILED_UNSAFE: frozenset({_S.FAILED_UNSAFE_ACK}),
    _S.COMPLETED_ACK: frozenset(),
    _S.FAILED_SAFE_ACK: frozenset(),
    _S.FAILED_UNSAFE_ACK: frozenset(),
}
"""The one table of allowed moves; a run is in exactly one of these."""

BEFORE_RUNNING = frozenset(
    {
        _S.NEW,
        _S.VALID,
        _S.BLOCKED_WAITING,
        _S.READY,
        _S.RESOURCE_DISCOVERY,
        _S.RESOURCES_DISCOVERED,
        _S.SCHEDULED,
        _S.LOCKING,
        _S.LOCKED,
    }
)
"""Nothing was done to the network yet: any failure is safe."""


ACKNOWLEDGED: Mapping[RunStatus, RunStatus] = {
    _S.COMPLETED: _S.COMPLETED_ACK,
    _S.FAILED_SAFE: _S.FAILED_SAFE_ACK,
    _S.FAILED_UNSAFE: _S.FAILED_UNSAFE_ACK,
}
"""What each outcome becomes once it is settled."""
