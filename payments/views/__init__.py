"""Pages of payments: rooms and their money, the wallet, and what providers tell us."""
