"""Vocabulary that every Banyan process shares: services, event types, envelope, permissions. No mechanics."""
