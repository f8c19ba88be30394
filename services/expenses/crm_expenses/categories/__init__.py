"""Expense categories: what money is spent on."""
