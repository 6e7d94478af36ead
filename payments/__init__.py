"""Money: ledger, fares, holds, settlement.

Owns every amount and who owes it. Refuses seats. Its rules and its ledger stand; no page or room
uses them yet, so no money moves in this product.
"""
