"""Customers who stop buying."""
