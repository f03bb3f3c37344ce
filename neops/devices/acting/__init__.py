"""Capabilities that act: dialogues, reboots and files, for sessions that type commands."""

from neops.devices.acting.dialogue import DialogueSession
from neops.devices.acting.sessions import acting_capabilities, acting_session_class
from neops.devices.acting.transferring import FileSession, TransfersOverSsh, WiredSession
from neops.devices.acting.wires import FileWire, FolderWire

__all__ = [
    "DialogueSession",
    "FileSession",
    "FileWire",
    "FolderWire",
    "TransfersOverSsh",
    "WiredSession",
    "acting_capabilities",
    "acting_session_class",
]
