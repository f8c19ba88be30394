"""Opportunities: qualified chances, their pipelines and their development plans."""
