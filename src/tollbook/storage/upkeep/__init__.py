"""What should be equal in the tables and is not."""
