"""Finding: which ride serves which person, at what detour, and why.

Owns search, insertion, stored matches and their explanations. Changes rides only through
``rides.services``.
"""
