"""Whom to call when somebody is in danger."""

from accounts.models import Organization
from accounts.selectors.countries import country_of

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
    return NUMBERS.get(country_of(organization), ANYWHERE)
