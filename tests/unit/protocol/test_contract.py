"""Every message against the published contract (contract.txt), in both directions."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import neops.protocol as wire
from neops.protocol import Message

MODELS: dict[str, type[Message]] = {
    "RegisterWorkerDto": wire.RegisterWorker,
    "WorkerRegistrationResponseDto": wire.WorkerRegistration,
    "WorkerActionResultDto": wire.WorkerActionResult,
    "WorkerCleanupResultDto": wire.WorkerCleanupResult,
    "VersionCompatibilityRequestDto": wire.VersionCompatibilityRequest,
    "VersionCompatibilityResponseDto": wire.VersionCompatibility,
    "VersionResponseDto": wire.EngineVersion,
    "HealthResponse": wire.Health,
    "RegisterFunctionBlockDto": wire.RegisterFunctionBlock,
    "VersionableDto": wire.Versionable,
    "JobPollDto": wire.JobPoll,
    "JobDefinitionDto": wire.JobDefinition,
    "JobExecutionContextDto": wire.JobExecutionContext,
    "JobResultDto": wire.JobResult,
    "JobExecutionResultDto": wire.JobExecutionResult,
    "JobExecutionResultDbUpdatesDto": wire.DbUpdates,
    "EntityAcquireByElasticQuery": wire.AcquireByQuery,
    "EntityAcquireContext": wire.AcquireFromContext,
    "JobLogDto": wire.JobLog,
    "JobShowResultDto": wire.JobSummary,
    "JobResultDataDto": wire.JobResultData,
    "JobPageDto": wire.JobPage,
    "JobFacetsDto": wire.JobFacets,
    "FacetValueDto": wire.FacetValue,
    "HistogramDto": wire.Histogram,
    "HistogramBucketDto": wire.HistogramBucket,
    "FunctionBlockResponseDto": wire.FunctionBlock,
    "FunctionBlockRegistrationResponseDto": wire.FunctionBlockRegistration,
    "ExecuteWorkflowDto": wire.ExecuteWorkflow,
    "WorkflowExecutionParameters": wire.RunTargets,
    "WorkflowEntryDto": wire.RunEntry,
    "WorkflowEntrySummaryDto": wire.RunSummary,
    "WorkflowExecutionContextDto": wire.RunContext,
    "HeldLocksDto": wire.HeldLocks,
    "WorkflowExecutionPageDto": wire.RunPage,
    "RunFacetsDto": wire.RunFacets,
    "AuthzErrorDto": wire.AuthzError,
    "MeResponseDto": wire.Me,
    "RemediationLedgerDto": wire.RemediationLedger,
    "RemediationEntryDto": wire.RemediationEntry,
    "RemediationResolveDto": wire.RemediationResolve,
    "RemediationResolveResponseDto": wire.RemediationResolved,
    "RemediationRollbackDto": wire.RemediationRollback,
    "RemediationRollbackResponseDto": wire.RemediationRollbackStarted,
    "WorkflowDefinitionResponseDto": wire.WorkflowDefinition,
    "WorkflowDefinitionSummaryDto": wire.WorkflowDefinitionSummary,
    "WorkflowDefinitionPageDto": wire.WorkflowDefinitionPage,
    "WorkflowFacetsDto": wire.WorkflowFacets,
    "LastRunDto": wire.LastRun,
    "PublishWorkflowDefinitionDto": wire.PublishWorkflow,
    "PublishResultDto": wire.PublishResult,
    "PublishBadRequestDto": wire.PublishBadRequest,
    "PublishConflictDto": wire.PublishConflict,
    "PublishRejectedDto": wire.PublishRejected,
    "PublishRetryWithDto": wire.PublishRetryWith,
    "FindingDto": wire.Finding,
    "FindingTargetDto": wire.FindingTarget,
    "WorkflowComparisonDto": wire.WorkflowComparison,
    "ComparedVersionDto": wire.ComparedVersion,
    "LicenseResponseDto": wire.License,
    "LicenseLimitsDto": wire.LicenseLimits,
    "QuotaReportDto": wire.QuotaReport,
    "LicenseFeaturesDto": wire.LicenseFeatures,
    "LicenseLimitExceededDto": wire.LicenseLimitExceeded,
    "LicenseLimitDto": wire.LicenseLimit,
}

ADDITIONS = {
    "RegisterWorkerDto": {"extensions"},
    "VersionCompatibilityResponseDto": {"extensions"},
    "WorkerActionResultDto": {"cancel", "lost"},
    "RegisterFunctionBlockDto": {"ownAcquire"},
    "JobPollDto": {"waitSeconds"},
    "JobDefinitionDto": {
        "leaseToken",
        "attempt",
        "deadline",
        "remainingSeconds",
        "workflowExecutionId",
        "forwardResult",
    },
    "JobResultDto": {"leaseToken", "artifacts"},
    "JobExecutionResultDto": {"error"},
}

# Written out by the entities' own models or as a union, and so tested inside the messages that hold them.
ELSEWHERE = {
    "DbUpdateDto",
    "EntityCreateDto",
    "EntityPatchDto",
    "EntityDeleteDto",
    "EntityReferenceDto",
    "DeviceTypeDto",
    "PlatformTypeDto",
    "InterfaceTypeDto",
    "DeviceGroupTypeDto",
    "DeviceCheckTypeDto",
    "DeviceConfigTypeDto",
    "DeviceExecutionResultTypeDto",
    "DeviceExecutionTypeDto",
    "DeviceFactTypeDto",
    "DeviceGroupCheckTypeDto",
    "DeviceGroupFactTypeDto",
    "RoleDeviceGroupTypeDto",
}


def keys(model: type[Message]) -> dict[str, bool]:
    return {field.alias or name: field.is_required() for name, field in model.model_fields.items()}


def says_the_same(sent: Any, back: Any) -> bool:
    """Whether `back` still holds everything that is not null in `sent`."""
    if isinstance(sent, dict) and isinstance(back, dict):
        return all(value is None or says_the_same(value, back.get(key)) for key, value in sent.items())
    if isinstance(sent, list) and isinstance(back, list):
        return len(sent) == len(back) and all(map(says_the_same, sent, back))
    if isinstance(sent, str) and isinstance(back, str) and sent != back:
        return datetime.fromisoformat(sent) == datetime.fromisoformat(back)
    return bool(sent == back)


def test_no_published_message_is_missing(contract: Any) -> None:
    assert contract.messages.keys() == MODELS.keys() | ELSEWHERE


@pytest.mark.parametrize("name", MODELS)
def test_keys_are_the_published_ones_and_the_known_additions(contract: Any, name: str) -> None:
    assert keys(MODELS[name]).keys() == contract.messages[name].keys() | ADDITIONS.get(name, set())


@pytest.mark.parametrize("name", MODELS)
def test_a_key_without_default_is_a_required_one(contract: Any, name: str) -> None:
    ours, published = keys(MODELS[name]), contract.messages[name]

    assert not [key for key, required in ours.items() if required and not published[key].required]


@pytest.mark.parametrize("name", MODELS)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(data=st.data())
def test_every_legal_message_is_read_and_written_back_legally(contract: Any, name: str, data: st.DataObject) -> None:
    sent = data.draw(contract.values(name))

    message = MODELS[name].model_validate_json(json.dumps(sent))
    back = json.loads(wire.dump_all([message], reveal_secrets=True))[0]

    assert list(contract.problems(name, back)) == []
    assert says_the_same(sent, back)
    assert MODELS[name].model_validate_json(json.dumps(back)) == message
