"""The audit log as rows."""
