"""What decisions read in each transaction, never cached."""
