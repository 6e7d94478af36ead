"""Keep the garbage collector from stopping a server that holds a thousand sockets.

A full collection visits every object that lives: with Django loaded and a thousand sockets open
that took 200 to 700 ms (measured by ``gc.callbacks`` in ``script/bench chat``), in which nobody
hears anything. What is loaded now stays for good, so it need not be visited; and cycles are looked
for when many new objects have piled up, not after every 700.
Source: Python's documentation of ``gc.freeze``.
"""

import gc

# New objects beyond those that went, until the young are visited; then how many such rounds until
# the middle-aged, and the old.
THRESHOLDS = (20_000, 20, 50)


def settle() -> None:
    """Take what is loaded out of collections; to be called once all is loaded."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
