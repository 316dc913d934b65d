"""Screens of extensions, owners, account codes, the dial plan and the site."""
