"""Where people were on a ride, as far as they agreed to say it: positions, traces, verification.

Owns facts about movement: it shows the car to those who wait for it, and judges whether two people
travelled together. Refuses money: it states, payments acts.
"""
