"""The expenses service: trips and claims."""
