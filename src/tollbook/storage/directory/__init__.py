"""Holders of accounts, and what filters offer."""
