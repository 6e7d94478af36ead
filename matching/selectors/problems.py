"""Problems of the batch assignment as bytes, for workers to pass on through the database."""

import io
from collections.abc import Sequence
from dataclasses import dataclass, fields
from uuid import UUID

import numpy as np

from accounts.models import Organization
from maps.models import Region
from matching.engine.assignment import Assignment, Call, Car, Commuters, Options

MOST_RIDERS = 4
MILLISECONDS = 1000


@dataclass(frozen=True, slots=True)
class Problem:
    """Who is to be assigned, on which map."""

    region_id: int | UUID
    commuters: Commuters


def options_of(organization: Organization) -> Options:
    """Return an organization's rules for the engine."""
    return Options(boarding_ms=MILLISECONDS * organization.boarding_s)


def pack(problem: Problem) -> bytes:
    """Write a problem."""
    columns = {f.name: getattr(problem.commuters, f.name) for f in fields(Commuters)}
    file = io.BytesIO()
    np.savez(file, region=np.array(str(problem.region_id)), **columns)
    return file.getvalue()


def unpack(written: bytes) -> Problem:
    """Read a problem."""
    with np.load(io.BytesIO(bytes(written)), allow_pickle=False) as file:
        columns = {f.name: file[f.name] for f in fields(Commuters)}
        return Problem(str(file["region"]), Commuters(**columns))


def cut(region: Region, commuters: Commuters, organization: Organization) -> list[bytes]:
    """Cut a region's commuters into parts that can be solved apart from each other."""
    return [pack(Problem(region.pk, commuters))]
