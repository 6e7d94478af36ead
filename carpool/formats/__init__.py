"""How dates are written where a sentence needs the year: as the pages' own clocks, 24 hours."""
