"""People: users, organizations, sites, members, cars, places, and how they sign in.

Owns who somebody is and what they belong to. Refuses what people do with rides.
"""
