"""What people say to one another, and what they are told."""
