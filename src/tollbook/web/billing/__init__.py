"""Screens of one holder, recharges, statements, billing the past, and codes given after a call."""
