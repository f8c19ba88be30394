"""Sums by month, kept up to date as events arrive."""
