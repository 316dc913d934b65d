"""Records that could not become calls: kept, shown, tried again, released."""
