from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from neops.protocol import JobArtifact, JobEvent, JobEventKind, JobEvents, dump

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def test_events_say_only_what_belongs_to_their_kind() -> None:
    line = JobEvent(job_id="j1", kind=JobEventKind.LOG, timestamp=AT, level="INFO", message="saved")
    progress = JobEvent(job_id="j1", kind=JobEventKind.PROGRESS, timestamp=AT, done=1, total=12)

    assert json.loads(dump(JobEvents(worker_id="w1", events=[line, progress]))) == {
        "workerId": "w1",
        "events": [
            {"jobId": "j1", "kind": "log", "timestamp": "2026-01-02T03:04:05Z", "level": "INFO", "message": "saved"},
            {"jobId": "j1", "kind": "progress", "timestamp": "2026-01-02T03:04:05Z", "done": 1, "total": 12},
        ],
    }


def test_any_file_comes_back_byte_for_byte() -> None:
    artifact = JobArtifact(name="config/r1.cfg", media_type="text/plain", content=bytes(range(256)))

    body = dump(artifact)

    assert JobArtifact.model_validate_json(body) == artifact
    assert b"\\n" not in body


def test_a_file_that_is_not_base64_is_refused() -> None:
    with pytest.raises(ValidationError):
        JobArtifact.model_validate_json('{"name":"a","mediaType":"text/plain","content":"not base64!"}')
