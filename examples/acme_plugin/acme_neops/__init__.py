"""Serves devices that run Acme OS to neops."""

from acme_neops.plugin import AcmePlugin

__all__ = ["AcmePlugin"]
