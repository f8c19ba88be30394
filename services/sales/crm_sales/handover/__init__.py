"""Handover: the open work of somebody who leaves moves to somebody else."""
