"""REST API of accounts: oneself, one's cars and places, one's organization."""
