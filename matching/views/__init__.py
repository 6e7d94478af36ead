"""Pages of matching: finding a ride, the plan of a week, studies."""
