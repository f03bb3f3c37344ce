"""The blackboard: workers ask it for jobs and hand it their results."""

from neops.engine.blackboard.board import Blackboard, LeaseTerms, WorkerUnknown
from neops.engine.blackboard.delivery import SecretsOf

__all__ = ["Blackboard", "LeaseTerms", "SecretsOf", "WorkerUnknown"]
