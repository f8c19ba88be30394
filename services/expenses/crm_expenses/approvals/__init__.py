"""Approvals: asking the workflow service about a document, and recognising its answer."""
