"""Devices through NAPALM drivers."""

from neops_napalm.plugin import NapalmPlugin

__all__ = ["NapalmPlugin"]
