"""Measurements of this machine: input made from a rule, real processes, figures in a table."""
