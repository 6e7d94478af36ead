"""Rides, bookings, stops and requests, and the state machines of their lives.

Owns what was promised to whom, and keeps it. Refuses finding (matching), money and messages.
"""
