"""Switches: how a PBX asks whether a call may be placed, and how the answer is put into effect."""
