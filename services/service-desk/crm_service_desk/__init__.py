"""The service desk of the group: requests, time limits, knowledge."""
