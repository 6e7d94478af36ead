"""REST API of maps: address search, routes, names of places."""
