"""The workflow service: approvals for every service."""
