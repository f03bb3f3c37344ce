"""Changes of configuration as transactions: the steps of sessions, what drives them, and how platforms do them.

A plugin author brings a `ConfigSession`; for sessions that type commands, `change_session_class` makes one where the
platform's procedure is known.
"""

from neops.devices.changes.sessions import ChangedByCommands, change_capabilities, change_session_class
from neops.devices.changes.shell import TextSession
from neops.devices.changes.staging import CANDIDATE_PREFIX, ChangePlan, ConfigSession, StagedChange

__all__ = [
    "CANDIDATE_PREFIX",
    "ChangePlan",
    "ChangedByCommands",
    "ConfigSession",
    "StagedChange",
    "TextSession",
    "change_capabilities",
    "change_session_class",
]
