"""Leads: chances before they are customers."""
