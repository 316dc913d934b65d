"""What decisions read anew each time."""
