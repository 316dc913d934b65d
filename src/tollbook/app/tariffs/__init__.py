"""Price lists as people keep them: published, edited, imported as rate decks, assigned to calls."""
