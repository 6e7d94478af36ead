"""Where people were: positions, traces, verification.

Owns facts about movement. Refuses money: it states, payments acts. Its rooms are furnished by a
later change; until then no position is recorded.
"""
