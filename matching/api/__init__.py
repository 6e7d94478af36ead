"""REST API of matching: search, and booking what was found."""
