"""What of budgets is used, and the recent calls that fraud guards count."""
