"""REST API of rides: rides, bookings, standing requests."""
