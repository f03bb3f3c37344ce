"""What is tried on a device to log in: where credentials come from, in which order, and when trying stops."""

from neops.devices.credentials.chain import (
    JUMP_HOST,
    Attempt,
    CredentialChain,
    EntityCredentials,
    EnvironmentCredentials,
    Permission,
)
from neops.devices.credentials.providers import CredentialProvider, LookUps

__all__ = [
    "JUMP_HOST",
    "Attempt",
    "CredentialChain",
    "CredentialProvider",
    "EntityCredentials",
    "EnvironmentCredentials",
    "LookUps",
    "Permission",
]
