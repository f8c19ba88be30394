"""Payments: what customers paid, and for which receivables."""
