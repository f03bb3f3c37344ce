"""Concurrent work inside a block, with an owner for every task and an end for every wait."""

from neops.concurrency.blocking import AuthorFiles, BlockingDetector, BlockingReport
from neops.concurrency.corking import Cork, CorkedProtocol
from neops.concurrency.crossing import Crossing
from neops.concurrency.deadlines import Clock, Deadline, current_deadline, deadline, wait_at_most
from neops.concurrency.executor import BlockingExecutor, context_with, current_executor, use_executor
from neops.concurrency.parallel import ParallelFailed, run_parallel
from neops.concurrency.tasks import TaskScope, schedule_task
from neops.concurrency.threads import in_thread, run_in_thread

__all__ = [
    "AuthorFiles",
    "BlockingDetector",
    "BlockingExecutor",
    "BlockingReport",
    "Clock",
    "Cork",
    "CorkedProtocol",
    "Crossing",
    "Deadline",
    "ParallelFailed",
    "TaskScope",
    "context_with",
    "current_deadline",
    "current_executor",
    "deadline",
    "in_thread",
    "run_in_thread",
    "run_parallel",
    "schedule_task",
    "use_executor",
    "wait_at_most",
]
