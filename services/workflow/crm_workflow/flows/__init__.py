"""Approval flows: templates that customers edit and publish."""
