"""Keep compiled arrays in a folder: one .npy file each, opened as shared read-only memory maps."""

import json
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from maps.engine.errors import NetworkMissing

Arrays = Mapping[str, npt.NDArray[Any]]

FORMAT = 1
"""Raised whenever the meaning of the files changes; older folders are then compiled anew."""

_FACTS = "facts.json"


def write_folder(folder: Path, arrays: Arrays, facts: Mapping[str, Any]) -> None:
    """Write arrays and facts so that the folder appears complete or not at all.

    Everything goes to a temporary folder beside it, which is renamed at the end. When another
    process was faster, its folder stays: the name is a digest of the content.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        for name, array in arrays.items():
            np.save(draft / f"{name}.npy", np.ascontiguousarray(array))
        whole = {**facts, "format": FORMAT, "arrays": sorted(arrays)}
        (draft / _FACTS).write_text(json.dumps(whole, ensure_ascii=False))
        draft.chmod(0o755)
        if folder.exists() and not is_complete(folder):
            shutil.rmtree(folder)
        if not folder.exists():
            draft.replace(folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def read_facts(folder: Path) -> dict[str, Any]:
    """Return what was written beside the arrays.

    Raises
    ------
    NetworkMissing
        The folder is absent, damaged or of another format.
    """
    try:
        facts: dict[str, Any] = json.loads((folder / _FACTS).read_text())
    except (OSError, ValueError) as problem:
        raise NetworkMissing(f"no compiled network in {folder.name}") from problem
    if facts.get("format") != FORMAT:
        raise NetworkMissing(f"compiled network {folder.name} has another format")
    return facts


def read_arrays(folder: Path, prefix: str) -> dict[str, npt.NDArray[Any]]:
    """Open the arrays whose name starts with ``prefix`` and return them without it.

    Pages are read when touched and shared between processes. Each is a plain ``ndarray`` view of
    its map: numba recognises those quickest.
    """
    names = [name for name in read_facts(folder)["arrays"] if name.startswith(prefix)]
    try:
        return {
            name.removeprefix(prefix): np.asarray(
                np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False)
            )
            for name in names
        }
    except (OSError, ValueError) as problem:
        raise NetworkMissing(f"compiled network {folder.name} is damaged") from problem


def is_complete(folder: Path) -> bool:
    """Say whether a folder holds a network that can be opened."""
    try:
        read_arrays(folder, "")
    except NetworkMissing:
        return False
    return True
