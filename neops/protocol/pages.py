"""Lists in pages: keyset cursors, facets, histograms.

A page is asked for again with `next_cursor` as `cursor`, the same filters and the same sort.
"""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from neops.protocol.definitions import WorkflowDefinitionSummary
from neops.protocol.message import Count, Maybe, Message, Timestamp
from neops.protocol.monitoring import JobSummary
from neops.protocol.runs import RunSummary


class HistogramInterval(StrEnum):
    """Width of a histogram's buckets."""

    MINUTES_5 = "5m"
    MINUTES_15 = "15m"
    HOUR = "1h"
    HOURS_3 = "3h"
    HOURS_6 = "6h"
    DAY = "1d"
    WEEK = "1w"
    MONTH = "1mo"


class JobPageSort(StrEnum):
    """Orders of a page of jobs."""

    CREATED_AT = "createdAt:asc"
    CREATED_AT_DESC = "createdAt:desc"
    STEP_LABEL = "stepLabel:asc"
    STEP_LABEL_DESC = "stepLabel:desc"
    FUNCTION_BLOCK_ID = "functionBlockId:asc"
    FUNCTION_BLOCK_ID_DESC = "functionBlockId:desc"


class RunPageSort(StrEnum):
    """Orders of a page of runs."""

    CREATED_AT = "createdAt:asc"
    CREATED_AT_DESC = "createdAt:desc"
    WORKFLOW = "workflow:asc"
    WORKFLOW_DESC = "workflow:desc"


class WorkflowPageSort(StrEnum):
    """Orders of a page of workflow definitions; nulls come last."""

    NAME = "name:asc"
    NAME_DESC = "name:desc"
    PACKAGE = "package:asc"
    PACKAGE_DESC = "package:desc"
    CREATED_AT = "createdAt:asc"
    CREATED_AT_DESC = "createdAt:desc"
    LAST_RUN = "lastRun:asc"
    LAST_RUN_DESC = "lastRun:desc"


class PageInclude(StrEnum):
    """What a page carries beside its items; `RESULT` is for pages of jobs only."""

    TOTAL = "total"
    FACETS = "facets"
    HISTOGRAM = "histogram"
    RESULT = "result"


class FacetValue(Message):
    """One value of a facet and how many items have it."""

    value: str
    parent: Maybe[str] = None
    label: Maybe[str] = None
    count: Count


class HistogramBucket(Message):
    """Counts of one bucket, by status."""

    start: Timestamp
    counts: dict[str, Count]


class Histogram(Message):
    """How many items fell into which stretch of time."""

    interval: HistogramInterval
    from_: Timestamp = Field(alias="from")
    to: Timestamp
    buckets: list[HistogramBucket]


class JobFacets(Message):
    """Facets of a page of jobs; `since` is the oldest job looked at."""

    status: dict[str, Count]
    state: dict[str, Count]
    type: dict[str, Count]
    function_block_id: list[FacetValue]
    worker: list[FacetValue]
    step_label: list[FacetValue]
    entity_id: list[FacetValue]
    workflow_execution_id: list[FacetValue]
    since: Timestamp | None


class JobPage(Message):
    """Answer to `GET /blackboard/jobs/page` and `GET /workflow-execution/{id}/jobs`."""

    items: list[JobSummary]
    next_cursor: str | None
    total: Count
    facets: Maybe[JobFacets] = None
    histogram: Maybe[Histogram] = None


class RunFacets(Message):
    """Facets of a page of runs."""

    status: dict[str, Count]
    reason_code: dict[str, Count]
    cms_resources_locked: dict[str, Count]
    unsafe_cause: dict[str, Count]
    trigger_type: dict[str, Count]
    workflow: list[FacetValue]
    workflow_id: list[FacetValue]
    target: list[FacetValue]
    started_by: list[FacetValue]


class RunPage(Message):
    """Answer to `GET /workflow-execution/page`."""

    items: list[RunSummary]
    next_cursor: str | None
    total: Count
    facets: Maybe[RunFacets] = None
    histogram: Maybe[Histogram] = None


class WorkflowFacets(Message):
    """Facets of a page of workflow definitions."""

    package: list[FacetValue]
    seed_entity: list[FacetValue]


class WorkflowDefinitionPage(Message):
    """Answer to `GET /workflow-definition/page`."""

    items: list[WorkflowDefinitionSummary]
    next_cursor: str | None
    total: Count
    facets: Maybe[WorkflowFacets] = None
