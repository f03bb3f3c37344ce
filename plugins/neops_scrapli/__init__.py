"""Devices over SSH with scrapli, natively async."""

from neops_scrapli.plugin import ScrapliPlugin

__all__ = ["ScrapliPlugin"]
