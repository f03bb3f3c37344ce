"""The pytest plugin that comes with neops."""
