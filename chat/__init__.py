"""What people hear: live updates now; conversations and notifications are to come.

Owns the channels by which news reaches a person. Refuses decisions.
"""
