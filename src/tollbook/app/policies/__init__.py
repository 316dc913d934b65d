"""What limits callers: classes of service; budgets (`budget_counting`) and fraud guards
(`watch_fraud`), which decide when and how often there is an alarm.
"""
