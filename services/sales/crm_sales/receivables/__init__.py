"""Receivables: what customers owe."""
