"""The REST API of positions."""
