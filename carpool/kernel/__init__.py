"""What every app stands on: clock, money, geography, errors, events, outbox, API conventions.

Owns the words that all apps share and the ways they talk. Refuses domain rules, and imports no app.
"""
