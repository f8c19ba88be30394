"""Expense policies: how much a day may cost, by category, city and grade."""
