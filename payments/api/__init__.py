"""REST API of money: shared taxis and the wallet."""
