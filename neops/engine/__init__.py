"""The engine: it keeps workflows, runs, jobs and events, and hands jobs to workers over HTTP."""
