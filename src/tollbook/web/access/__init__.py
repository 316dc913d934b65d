"""Screens of signing in, users, PINs, tokens and the audit log."""
