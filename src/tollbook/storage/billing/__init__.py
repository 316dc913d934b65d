"""The ledger, holds, balances and the sums of statements in SQL, calls with what they owe."""
