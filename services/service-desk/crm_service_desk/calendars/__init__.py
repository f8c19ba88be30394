"""Business calendars: when a company works, and so when the clock of a time limit runs."""
