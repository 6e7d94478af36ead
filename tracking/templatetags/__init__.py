"""Words of the pages of rides about positions."""
