"""Which version a workflow is published under, or why it is not. Pure: the caller writes what the plan says.

A version's content never changes. A new version must be at least as far from the one before it as the change asks
(`comparison.floor`). `increment` lets the engine choose the next version, up to a minor; `accept_bump` agrees to the
bump that a refusal named; `dry_run` tells what would happen.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from neops.engine.workflows.comparison import compare, floor, same_content
from neops.engine.workflows.definition import RootWorkflow
from neops.engine.workflows.versions import BUMPS, Bump, Version
from neops.errors import WorkflowInvalid
from neops.protocol import (
    AcceptableBump,
    Finding,
    PublishBadRequest,
    PublishConflict,
    PublishRejected,
    PublishResult,
    PublishRetryWith,
)

Refusal = PublishBadRequest | PublishConflict | PublishRejected


@dataclass(frozen=True, kw_only=True)
class PublishedVersion:
    """A version that exists already, live or deleted."""

    workflow: RootWorkflow
    deleted: bool = False

    @property
    def version(self) -> Version:
        return version_of(self.workflow)


@dataclass(frozen=True, kw_only=True)
class PublishPlan:
    """The answer to a publish request, and what to write before it is given.

    `write` is the document under its final version, None when nothing is to be written; with `revive` it brings back a
    deleted version of the same content.
    """

    status: int
    body: PublishResult | Refusal
    write: RootWorkflow | None = None
    revive: bool = False


def version_of(workflow: RootWorkflow) -> Version:
    """The version that a document declares."""
    return Version(workflow.major_version, workflow.minor_version, workflow.patch_version)


def invalid_document(error: WorkflowInvalid) -> PublishPlan:
    """The answer to a document that is no workflow."""
    body = PublishBadRequest(
        error="InvalidDocument",
        message=str(error),
        hint="correct the document; GET /schema describes it",
    )
    return PublishPlan(status=400, body=body)


def plan_publish(
    existing: Iterable[PublishedVersion],
    workflow: RootWorkflow,
    *,
    increment: bool = False,
    dry_run: bool = False,
    accept_bump: AcceptableBump | None = None,
) -> PublishPlan:
    """Decide under which version `workflow` is published.

    Args:
        existing: all versions of the same package and name, deleted ones too.
    """
    request = _Request(
        workflow=workflow,
        known={one.version: one for one in existing},
        increment=increment,
        accept_bump=accept_bump,
    )
    plan = request.plan()
    return _only_told(plan, request) if dry_run else plan


@dataclass(frozen=True, kw_only=True)
class _Request:
    workflow: RootWorkflow
    known: dict[Version, PublishedVersion]
    increment: bool
    accept_bump: AcceptableBump | None

    @property
    def declared(self) -> Version:
        return version_of(self.workflow)

    def plan(self) -> PublishPlan:
        there = self.known.get(self.declared)
        if there and same_content(there.workflow, self.workflow):
            return self._revived() if there.deleted else self._unchanged(self.declared)
        if there and not self.increment:
            return self._taken(there)
        base = self._newest() if self.increment else None
        base = base or max((version for version in self._live() if version < self.declared), default=None)
        if base is None:
            return self._published(self.declared, None, [])
        findings = compare(self.known[base].workflow, self.workflow)
        if self.increment and base.major == self.declared.major:
            return self._incremented(base, findings)
        return self._as_declared(base, findings)

    def _live(self) -> list[Version]:
        return [version for version, one in self.known.items() if not one.deleted]

    def _newest(self) -> Version | None:
        """The newest live version of the declared major."""
        return max((version for version in self._live() if version.major == self.declared.major), default=None)

    def _incremented(self, base: Version, findings: list[Finding]) -> PublishPlan:
        needed = floor(findings)
        if needed is None:
            return self._unchanged(base)
        if needed == "major":
            return self._rejected("MajorRequiresExplicit", base, needed, findings)
        if self.accept_bump and self.accept_bump != needed:
            return self._mismatch(needed)
        return self._published(self._free(base, needed), base, findings)

    def _as_declared(self, base: Version, findings: list[Finding]) -> PublishPlan:
        needed, declared = floor(findings), self.declared.bump_from(base)
        if needed is None or BUMPS.index(declared) >= BUMPS.index(needed):
            return self._published(self.declared, base, findings)
        # A bigger bump leads past newer versions of the same major, so it is measured against them too.
        newest = self._newest() or base
        if newest != base:
            findings = list(dict.fromkeys([*findings, *compare(self.known[newest].workflow, self.workflow)]))
            needed = floor(findings) or needed
        if self.accept_bump is None:
            return self._rejected("BelowFloor", newest, needed, findings)
        if self.accept_bump != needed:
            return self._mismatch(needed)
        return self._published(self._free(newest, needed), newest, findings)

    def _free(self, base: Version, bump: Bump) -> Version:
        """The next version of that size that was never used."""
        version = base.bumped(bump)
        while version in self.known:
            version = version.bumped(bump)
        return version

    def _published(self, version: Version, base: Version | None, findings: list[Finding]) -> PublishPlan:
        while version in self.known:  # a deleted version's number is not used again
            version = version.bumped("patch")
        document = self.workflow.model_copy(
            update={"major_version": version.major, "minor_version": version.minor, "patch_version": version.patch}
        )
        needed = floor(findings)
        accepted = self.accept_bump if self.accept_bump == needed and version != self.declared else None
        body = PublishResult(
            id=document.id,
            version=str(version),
            status="published",
            bump=version.bump_from(base) if base else None,
            floor=needed,
            declared_bump=self.declared.bump_from(base) if base and self.declared > base else None,
            accepted_bump=accepted,
            findings=findings,
        )
        return PublishPlan(status=201, body=body, write=document)

    def _unchanged(self, version: Version) -> PublishPlan:
        id_ = self.known[version].workflow.id
        body = PublishResult(id=id_, version=str(version), status="unchanged", bump=None, floor=None, findings=[])
        return PublishPlan(status=200, body=body)

    def _revived(self) -> PublishPlan:
        body = PublishResult(
            id=self.workflow.id,
            version=str(self.declared),
            status="published",
            bump=None,
            floor=None,
            revived=True,
            findings=[],
        )
        return PublishPlan(status=201, body=body, write=self.workflow, revive=True)

    def _taken(self, there: PublishedVersion) -> PublishPlan:
        newest = self._newest() or self.declared
        needed = floor(compare(self.known[newest].workflow, self.workflow)) or "patch"
        free = str(self._free(newest, needed))
        what = "was deleted" if there.deleted else "is published with other content"
        body = PublishConflict(
            error="VersionDeleted" if there.deleted else "VersionAlreadyPublished",
            suggested_version=free,
            findings=compare(there.workflow, self.workflow),
            message=f"{self.workflow.id} {what}",
            hint=f"declare version {free}, or publish with increment",
        )
        return PublishPlan(status=409, body=body)

    def _rejected(self, error: str, base: Version, needed: Bump, findings: list[Finding]) -> PublishPlan:
        free = str(self._free(base, needed))
        retry = None if needed == "major" else PublishRetryWith(accept_bump=needed)
        body = PublishRejected(
            error="MajorRequiresExplicit" if error == "MajorRequiresExplicit" else "BelowFloor",
            floor=needed,
            declared_bump=self.declared.bump_from(base) if self.declared > base else None,
            suggested_version=free,
            findings=findings,
            retry_with=retry,
            message=f"the change from {base} asks for a {needed} bump: {findings[0].message}",
            hint=f"declare version {free}" + (f", or send acceptBump: {needed}" if retry else ""),
        )
        return PublishPlan(status=422, body=body)

    def _mismatch(self, needed: Bump) -> PublishPlan:
        acceptable: AcceptableBump | None = None if needed == "major" else needed
        body = PublishBadRequest(
            error="AcceptBumpMismatch",
            sent=self.accept_bump,
            expected=acceptable,
            retry_with=PublishRetryWith(accept_bump=acceptable) if acceptable else None,
            message=f"the change asks for a {needed} bump, acceptBump says {self.accept_bump}",
            hint=f"send acceptBump: {needed}" if acceptable else "declare the next major version in the document",
        )
        return PublishPlan(status=400, body=body)


def _only_told(plan: PublishPlan, request: _Request) -> PublishPlan:
    """The answer of a dry run: what would happen, nothing written."""
    body = plan.body
    if isinstance(body, PublishResult):
        told = body.model_copy(
            update={
                "dry_run": True,
                "status": None,
                "would_status": body.status,
                "revived": None,
                "would_revive": True if plan.revive else None,
            }
        )
        return PublishPlan(status=200, body=told)
    rejected = body if isinstance(body, PublishRejected) else None
    told = PublishResult(
        dry_run=True,
        version=str(request.declared),
        would_status=body.error,
        bump=None,
        floor=rejected.floor if rejected else None,
        declared_bump=rejected.declared_bump if rejected else None,
        suggested_version=None if isinstance(body, PublishBadRequest) else body.suggested_version,
        findings=[] if isinstance(body, PublishBadRequest) else body.findings or [],
    )
    return PublishPlan(status=200, body=told)
