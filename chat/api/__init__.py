"""REST API of conversations and notifications."""
