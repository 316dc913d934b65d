"""Screens of plans, exchange rates, the tester, and why a price is what it is."""
