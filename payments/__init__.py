"""Money: ledger, fares, holds, settlement.

Owns every amount and who owes it. Refuses seats. Its rooms are furnished by a later change; until
then no money moves in this product.
"""
