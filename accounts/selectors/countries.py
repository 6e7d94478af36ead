"""In which country an organization lives, as its time zone says."""

from functools import lru_cache
from importlib.resources import files

from accounts.models import Organization


def country_of(organization: Organization) -> str:
    """Return the ISO 3166 code of an organization's country; empty where its zone has none."""
    return _countries().get(organization.time_zone, "")


@lru_cache(maxsize=1)
def _countries() -> dict[str, str]:
    """Return the country code of each time zone, from the table that comes with the zones."""
    table = files("tzdata").joinpath("zoneinfo/zone.tab").read_text(encoding="utf-8")
    rows = [line.split("\t") for line in table.splitlines() if line and not line.startswith("#")]
    return {row[2]: row[0] for row in rows}
