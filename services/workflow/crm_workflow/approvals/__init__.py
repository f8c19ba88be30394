"""Approvals: where a document stands, who is asked, and what they said."""
