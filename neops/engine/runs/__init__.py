"""Runs: from a workflow to jobs and back, one decision at a time."""

from neops.engine.runs.scheduler import Scheduler
from neops.engine.runs.service import RunOver, RunService, RunUnknown, WorkflowUnknown

__all__ = ["RunOver", "RunService", "RunUnknown", "Scheduler", "WorkflowUnknown"]
