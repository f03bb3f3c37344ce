"""The SQL of the hot paths. Each changes all its rows in one statement and reads only what an index hands it."""

from __future__ import annotations

CLAIM = """
UPDATE jobs
SET queued = 0, status = 'polled', worker_id = :worker, lease_token = lower(hex(randomblob(16))),
    lease_expires_at = :expires, started_at = CASE WHEN :confirms THEN NULL ELSE :now END, updated_at = :now,
    deadline = :now + timeout_micros
WHERE EXISTS (SELECT 1 FROM workers WHERE id = :worker AND deleted_at IS NULL AND unregistered_at IS NULL)
  AND seq IN (
    SELECT candidate.seq
    FROM json_each(:blocks) AS block
    CROSS JOIN jobs AS candidate
    WHERE candidate.seq IN (
        SELECT first.seq FROM jobs AS first
        WHERE first.block_id = block.value AND first.queued
        ORDER BY first.priority, first.seq LIMIT :limit)
    ORDER BY candidate.priority, candidate.seq LIMIT :limit)
RETURNING priority, seq, id, run_id, lease_token, attempt, lease_expires_at, deadline, step_label, type, block_id,
    run_on, entity_id,
    (SELECT parameters FROM job_payloads WHERE job_seq = jobs.seq),
    (SELECT context FROM job_payloads WHERE job_seq = jobs.seq),
    (SELECT forward_result FROM job_payloads WHERE job_seq = jobs.seq)
"""
"""Per block the first rows of `ix_jobs_queue`, of those the first of all: independent of how long the queue is.

RETURNING gives rows in no order: sort them.
"""

_BACK = """
UPDATE jobs
SET queued = 1, status = 'pending', worker_id = NULL, lease_token = NULL, lease_expires_at = NULL, started_at = NULL,
    deadline = NULL, updated_at = :now
WHERE status = 'polled' AND {condition}
RETURNING id, run_id, step_label, entity_id, attempt
"""
GIVE_BACK = _BACK.format(condition="id = :job AND lease_token = :token")
RETURN_UNSTARTED = _BACK.format(condition="lease_expires_at <= :now AND started_at IS NULL AND NOT cancel_requested")
"""Jobs whose worker never said that it has them."""

PUSH = """
UPDATE jobs
SET status = 'pushed', ending = 'result', result_status = :status, finished_at = :now, updated_at = :now,
    started_at = COALESCE(started_at, updated_at)
WHERE id = :job AND status = 'polled' AND (:token IS NULL OR lease_token = :token)
RETURNING seq, run_id, step, step_label, entity_id, attempt, worker_id
"""

STEP_IS_OPEN = """
SELECT EXISTS (SELECT 1 FROM jobs INDEXED BY ix_jobs_open WHERE run_id = ? AND status != 'pushed' AND step = ?)
"""
"""Asked after a push, so that a step of 10,000 jobs wakes its run once. By the open jobs: the first one answers."""

STORE_RESULT = "INSERT INTO job_results (job_seq, result) VALUES (?, ?)"

STANDING = """
SELECT ending, lease_token, run_id, step_label, entity_id,
    (SELECT result FROM job_results WHERE job_seq = jobs.seq)
FROM jobs WHERE id = ?
"""
"""Where a job stands whose result was not taken."""

REJECT = """
INSERT INTO rejected_results (job_id, received_at, result)
SELECT :job, :now, :result
WHERE (SELECT COUNT(*) FROM rejected_results WHERE job_id = :job) < :most
"""

TOUCH = """
UPDATE workers SET last_ping_at = :now, updated_at = :now, unregistered_at = NULL
WHERE id = :worker AND deleted_at IS NULL
RETURNING lease_micros
"""

RENEW = """
UPDATE jobs SET lease_expires_at = :expires, started_at = COALESCE(started_at, updated_at)
WHERE worker_id = :worker AND status = 'polled'
  AND (:held IS NULL OR lease_token IN (SELECT value FROM json_each(:held)))
RETURNING id, cancel_requested
"""

CANCELED = "SELECT id FROM jobs WHERE worker_id = ? AND status = 'polled' AND cancel_requested ORDER BY seq"

EXTEND = "UPDATE jobs SET lease_expires_at = :until WHERE status = 'polled' AND lease_expires_at < :until"

RENEW_JOBS = """
UPDATE jobs
SET lease_expires_at = :now + (SELECT lease_micros FROM workers WHERE workers.id = jobs.worker_id),
    started_at = COALESCE(started_at, updated_at)
WHERE status = 'polled' AND id IN (SELECT value FROM json_each(:jobs))
"""

NOTED = """
SELECT id, run_id, step_label, entity_id, lease_token FROM jobs WHERE id IN (SELECT value FROM json_each(?))
"""

APPEND_EVENT = """
INSERT INTO events (run_id, seq, at, kind, step_label, job_id, entity_id, data)
SELECT :run, COALESCE(MAX(seq), 0) + 1, :at, :kind, :step_label, :job, :entity_id, :data FROM events WHERE run_id = :run
"""
