"""The pages people see: a view parses a request, calls one use case and renders a value."""
