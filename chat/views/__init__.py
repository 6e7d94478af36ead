"""Pages of conversations and notifications."""
