"""Screens of classes of service, budgets, fraud guards and alarms."""
