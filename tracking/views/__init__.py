"""Pages of tracking: what a ride's page does about positions, and the log of working days."""
