"""Whom to call when somebody is in danger."""

from functools import lru_cache
from importlib.resources import files

from accounts.models import Organization

# Every GSM phone reaches the local emergency service by 112, also where it has another number.
# Source: 3GPP TS 22.101, 10.1.
ANYWHERE = "112"
# Where the police have a number of their own that people know. Source: ITU-T E.129.
NUMBERS = {
    "AR": "911", "AU": "000", "BR": "190", "CA": "911", "CL": "133", "CN": "110", "CO": "123",
    "GB": "999", "HK": "999", "JP": "110", "MX": "911", "MY": "999", "NZ": "111", "PE": "105",
    "PH": "911", "SG": "999", "TH": "191", "TW": "110", "US": "911", "UY": "911", "VN": "113",
}  # fmt: skip


def emergency_number(organization: Organization) -> str:
    """Return the number of the country in whose time zone the organization lives."""
    return NUMBERS.get(_countries().get(organization.time_zone, ""), ANYWHERE)


@lru_cache(maxsize=1)
def _countries() -> dict[str, str]:
    """Return the country code of each time zone, from the table that comes with the zones."""
    table = files("tzdata").joinpath("zoneinfo/zone.tab").read_text(encoding="utf-8")
    rows = [line.split("\t") for line in table.splitlines() if line and not line.startswith("#")]
    return {row[2]: row[0] for row in rows}
