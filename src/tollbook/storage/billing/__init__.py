"""The ledger, holds, balances and statements as rows, and calls with what they owe."""
