"""Capabilities that act: dialogues, reboots and files, for sessions that type commands."""

from neops.devices.acting.dialogue import DialogueSession
from neops.devices.acting.rebooting import ActingSession
from neops.devices.acting.sessions import acting_capabilities, acting_session_class

__all__ = ["ActingSession", "DialogueSession", "acting_capabilities", "acting_session_class"]
