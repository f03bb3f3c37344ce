"""Workflow documents: schema, loading, validation, expressions, versions. All of it pure."""
