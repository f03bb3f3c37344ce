"""Logging in: whether and when a device may be logged in to, how a session is opened, and who hears of it."""

from neops.devices.logins.admission import Admission, LoginStatistics
from neops.devices.logins.breakers import Endpoint, OpenBreaker
from neops.devices.logins.events import LoginEvent
from neops.devices.logins.jump_hosts import JumpHostGate
from neops.devices.logins.opening import Logins, Route

__all__ = ["Admission", "Endpoint", "JumpHostGate", "LoginEvent", "LoginStatistics", "Logins", "OpenBreaker", "Route"]
