"""The launch study of the demo: a table of invented commutes, as a manager has it."""

import csv
import random
from io import StringIO

from accounts.models import Member
from carpool.kernel import clock
from matching.management.demo.homes import Homes
from matching.management.demo.people import DemoSite
from matching.models import Study
from matching.services.studies import create_study

NAME = "All sites, before the launch"
PEOPLE = 420
# When people begin, in minutes of the day, and how many of a hundred.
STARTS = {420: 15, 450: 15, 480: 40, 510: 20, 540: 10}
SHARE_WITH_CAR = 0.75


def upload_study(manager: Member, homes: Homes, sites: tuple[DemoSite, ...], *, seed: int) -> bool:
    """Have the commutes of invented colleagues studied, once; a worker computes it."""
    if Study.objects.filter(organization=manager.organization).exists():
        return False
    create_study(
        by=manager,
        name=NAME,
        content=_write_table(homes, sites, seed).encode(),
        workdays=220,
        now=clock.now(),
    )
    return True


def _write_table(homes: Homes, sites: tuple[DemoSite, ...], seed: int) -> str:
    dice = random.Random(seed)  # noqa: S311 (nothing secret is drawn)
    file = StringIO()
    rows = csv.writer(file)
    rows.writerow(
        ["home_latitude", "home_longitude", "site", "arrival", "departure", "car", "seats"]
    )
    for _number in range(PEOPLE):
        site = dice.choices(sites, weights=range(len(sites), 0, -1))[0]
        home = homes.draw(far_from=site.location)
        start = dice.choices(list(STARTS), weights=list(STARTS.values()))[0]
        car = dice.random() < SHARE_WITH_CAR
        ends = _clock(start + 9 * 60 + dice.choice((0, 0, 15, 30)))
        rows.writerow(
            [home.lat, home.lon, site.name, _clock(start), ends, "yes" if car else "no", ""]
        )
    rows.writerow(["-29.9O7", "-71.25", sites[0].name, "08:00", "17:00", "yes", ""])  # an O
    return file.getvalue()


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"
