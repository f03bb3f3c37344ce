"""Runs: from a workflow to jobs and back, one decision at a time."""
