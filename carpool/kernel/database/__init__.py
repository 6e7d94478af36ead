"""Django's PostGIS backend, which tells each connection who is inside the wall."""
