"""Words of pages about people in rides."""
