"""Screens of tariffs, their rates, rate decks and assignments."""
