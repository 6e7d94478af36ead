"""Public holidays of an organization's country."""

from datetime import date

import holidays
from django.utils.translation import get_language

from accounts.models import Organization
from accounts.selectors.countries import country_of

# What the library calls the languages of our pages; where it has no such names, it uses its own.
LANGUAGES = {"en": "en_US", "ko": "ko"}


def list_holidays(organization: Organization, first: date, last: date) -> dict[date, str]:
    """Return the names of the public holidays between two days, both included.

    Empty where the country is unknown. Holidays of single provinces are not counted.
    """
    country = country_of(organization)
    if not holidays.list_supported_countries(include_aliases=False).keys() & {country}:
        return {}
    years = range(first.year, last.year + 1)
    language = LANGUAGES.get((get_language() or "en")[:2])
    known = holidays.country_holidays(country, years=years, language=language)
    return {day: name for day, name in sorted(known.items()) if first <= day <= last}
