"""What was called and what it cost, as tables; and which calls a filter and a period mean, for
screens, commands and re-rating (`call_criteria`, `period`).
"""
