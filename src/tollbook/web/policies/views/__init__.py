"""Views: one module a screen; each parses a request, calls one use case, renders a value."""
