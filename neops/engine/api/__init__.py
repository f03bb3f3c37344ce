"""The engine's HTTP interface: the published contract, and what we add to it."""
