"""A week of a whole company, played by the services that people's buttons call.

Owns the plot, and what phones record of it. Part of the composition root, as it needs every app;
refuses rules of its own.
"""
