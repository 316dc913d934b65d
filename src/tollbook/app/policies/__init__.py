"""What limits callers: classes of service, budgets, fraud guards, and the alarms they raise."""
