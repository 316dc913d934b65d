"""The screen that asks whether a call may be placed, and why."""
