"""What the batch assignment asks of a road network: exact times, exact lengths, lower bounds."""

from dataclasses import dataclass
from pathlib import Path

from maps.engine import store
from maps.engine.cells import Cells, Labels, open_cells
from maps.engine.geodesy import Floats
from maps.engine.lengths import Lengths, open_lengths


@dataclass(frozen=True)
class Roads:
    """The parts of a compiled network; all of them are read-only maps that processes share.

    Attributes
    ----------
    labels
        ``RoadNetwork.labels``.
    lengths
        Of the ways behind the labels.
    cells
        Lower bounds of times.
    lon, lat : float64[n]
        Places of the vertices; only parts are cut along them.
    """

    labels: Labels
    lengths: Lengths
    cells: Cells
    lon: Floats
    lat: Floats


def open_roads(network: Path) -> Roads:
    """Open a compiled network; a second or two the first time ever, milliseconds after that.

    Raises
    ------
    NetworkMissing
        The network is absent or damaged.
    """
    drive = store.read_arrays(network, "drive_")
    jumps, depth, start, ahead, back = (
        drive[f"label_{part}"] for part in ("jumps", "depth", "start", "ahead", "back")
    )
    labels = (jumps, depth, start, ahead, back)
    return Roads(labels, open_lengths(network), open_cells(network), drive["lon"], drive["lat"])
