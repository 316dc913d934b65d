"""Price lists as people keep them: published, edited, rate decks compared, calls assigned."""
