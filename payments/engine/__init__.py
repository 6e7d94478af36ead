"""Fares, rules and books as pure functions: facts in, amounts and journals out; no Django."""
