"""Screens of recharges, statements, billing of the past, and account codes given after the call."""
