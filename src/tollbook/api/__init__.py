"""The REST API with its OpenAPI page."""
