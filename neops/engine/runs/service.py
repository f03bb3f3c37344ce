"""What clients ask of runs: start one, abort one."""

from __future__ import annotations

from neops.engine.runs.machine import Failure
from neops.engine.runs.scheduler import Scheduler
from neops.engine.store.changes import NewRun
from neops.engine.store.port import Store
from neops.engine.store.records import Definition, DefinitionId, Run, RunId
from neops.engine.workflows.versions import SemverRef, resolve
from neops.errors import NeopsError
from neops.protocol import AuthorityBasis, ExecuteWorkflow, ReasonCode, TriggerType


class WorkflowUnknown(NeopsError):
    """No published workflow is meant by the reference."""

    retryable = False


class RunUnknown(NeopsError):
    """There is no run of that id."""

    retryable = False


class RunOver(NeopsError):
    """The run has ended: there is nothing to abort."""

    retryable = False


class RunService:
    """Starts and aborts runs; the scheduler does the rest."""

    def __init__(self, store: Store, scheduler: Scheduler) -> None:
        self._store, self._scheduler = store, scheduler

    async def start(self, wanted: ExecuteWorkflow, *, trigger: TriggerType = TriggerType.API) -> Run:
        """Start a run of the newest version that the reference covers. It is in status NEW: checks come later.

        Raises:
            WorkflowUnknown: nothing published is meant by the reference.
            RunExists: the id that was given is taken.
        """
        definition = await self._find(wanted.workflow)
        run = await self._store.runs.create(
            NewRun(
                id=RunId(wanted.workflow_execution_id) if wanted.workflow_execution_id else None,
                workflow_id=definition.id,
                workflow_name=definition.name,
                parameters=wanted.parameters,
                targets=wanted.execute_on_parameters,
                trigger=trigger,
                authority_basis=AuthorityBasis.DISABLED,
            )
        )
        self._scheduler.wake(run.id)
        return run

    async def abort(self, run_id: RunId, *, by: str | None = None) -> Run:
        """End a run: no new jobs, cancel signals for the leased ones. Aborting twice is harmless.

        Raises:
            RunUnknown: there is no such run.
            RunOver: it has ended by itself.
        """
        run = await self._store.runs.get(run_id)
        if run is None:
            raise RunUnknown(f"there is no run {run_id}")
        failure = Failure(code=ReasonCode.ABORTED, reason=f"aborted by {by or 'an operator'}")
        aborted = await self._scheduler.fail(run_id, failure, by=by)
        if aborted is not None:
            return aborted
        if run.reason_code is ReasonCode.ABORTED:
            return run
        raise RunOver(f"run {run_id} is over: {run.status}")

    async def _find(self, reference: str) -> Definition:
        wanted = SemverRef.parse(reference)
        known = await self._store.definitions.find(package=wanted.package, name=wanted.name)
        found = resolve(wanted, [definition.id for definition in known])
        if found is None:
            raise WorkflowUnknown(f"no workflow {reference} is published")
        return next(definition for definition in known if definition.id == DefinitionId(found))
