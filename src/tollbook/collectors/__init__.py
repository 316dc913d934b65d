"""Edges that take bytes from PBXs and put them on disk before anything else."""
