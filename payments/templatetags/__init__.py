"""Words of templates about money."""
