"""Does anything that leaves the house tell where somebody lives?

An organization of so many people on the demo city's streets, each at a door that nobody else has,
lives through a commute day: offers, searches, bookings, messages, cancellations, driving, proposals
from weekly plans. In the evening before, in the morning rush and after it, everything is read as
its receivers get it, and searched for all doors: their label, their position to 5 decimals in
either order, in well-known binary, as a geohash of 7 characters or more, in encoded polylines.
One's own door is no hit.

Then the control: a driver calls themselves by the position of their door, and says it. The search
has to find it on every surface. Exits with 1 at any hit, or when the control finds too little.
"""

import argparse
import json
import logging
import os
import sys
import tempfile
import time
import uuid
import warnings
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks.chat_world import Redis
from benchmarks.company import scratch_database
from benchmarks.privacy_reader import SURFACES, Reader
from benchmarks.privacy_town import Log, Outside, Town, outside_settings, tell_everything

RESULTS = Path("var/benchmarks/privacy.json")
# After midnight of the day: the rush, and when it is over. The evening before is -4 h.
MOMENTS = [timedelta(hours=-4), timedelta(hours=7, minutes=45), timedelta(hours=11)]


def main() -> None:
    """Live, read, search, print; exit with 1 when a door is found."""
    options = read_options()
    os.environ["DATABASE_URL"] = scratch_database(options.database, "carpool_bench_privacy")
    with tempfile.TemporaryDirectory() as folder:
        redis = Redis(Path(folder))
        redis.start()
        os.environ["REDIS_URL"] = f"{redis.url}?db=0"
        try:
            sys.exit(0 if search(options) else 1)
        finally:
            redis.stop()


def read_options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", required=True, help="a new one is made beside it")
    parser.add_argument("--people", type=int, default=500)
    parser.add_argument("--readers", type=int, default=60, help="who look, at each of 3 moments")
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


def search(options: argparse.Namespace) -> bool:
    """Do it all; tell whether nothing was found, and the control everywhere."""
    import django

    django.setup()
    warnings.filterwarnings("ignore", message="task_always_eager")  # relays are called by hand
    from celery import current_app
    from django.test import override_settings

    current_app.conf.task_always_eager = True
    began = time.perf_counter()
    outside, log = Outside(), Log()
    with override_settings(**outside_settings(outside)):
        town = Town(options.people, outside, seed=options.seed)
        town.propose()
        reader = Reader(town, log)
        every = max(1, options.people // options.readers)
        looks: list[datetime] = []

        def look(now: datetime) -> None:
            chat_a_little(now)
            reader.look(town.people[len(looks) :: every] + town.people[-1:], now)
            looks.append(now)
            print(f"{now:%a %H:%M} UTC: {sum(reader.read.values()):,} things read", flush=True)

        town.play_until(MOMENTS, look)
        control = plant(Reader(town, log), looks[-1])
    facts = {
        "people": options.people,
        "looks": len(looks),
        "own doors read by their owners": reader.own,
        "seconds": round(time.perf_counter() - began, 1),
    }
    return report(reader, control, facts)


def chat_a_little(now: datetime) -> None:
    """Let riders and drivers say something in every conversation that is open."""
    from chat.errors import ConversationNotFound
    from chat.models import Conversation

    for talk in Conversation.objects.filter(closes_at__gt=now).prefetch_related("participants")[
        :40
    ]:
        for place in talk.participants.filter(left_at=None)[:2]:
            try:
                say(talk, place.member, "I am there in five minutes", now)
            except ConversationNotFound:
                continue
    tell_everything(now)


def say(talk: Any, member: Any, text: str, now: datetime) -> None:
    """Say something in a conversation."""
    from chat import services

    draft = services.Draft(
        conversation_id=talk.pk, sender_id=member.pk, client_id=uuid.uuid4(), text=text
    )
    services.post_message(draft=draft, by=member, now=now)


def plant(reader: Reader, now: datetime) -> Reader:
    """Let a driver tell their door to whom they take along, and read it everywhere."""
    from chat.models import Conversation
    from rides.models import Booking
    from rides.services import start_ride

    upcoming = Booking.objects.filter(state="confirmed", ride__state="scheduled")
    booking = upcoming.filter(ride__departure_at__gt=now).order_by("ride__departure_at").first()
    assert booking is not None, "somebody rides in the evening"
    ride, rider = booking.ride, booking.rider
    driver = ride.driver
    label, place = reader.town.homes[str(driver.pk)]
    driver.display_name = f"{place.lat:.5f},{place.lon:.5f}"
    driver.save(update_fields=["display_name"])
    logging.getLogger("benchmarks").info("Somebody lives at %s", label)
    say(Conversation.objects.get(ride=ride, kind="ride"), driver, f"I live at {label}", now)
    tell_everything(now)
    reader.look([rider], now)
    start_ride(ride_id=ride.pk, by=driver, now=ride.departure_at)
    tell_everything(ride.departure_at)
    reader.look([rider], ride.departure_at)
    return reader


def report(reader: Reader, control: Reader, facts: dict[str, Any]) -> bool:
    """Print and keep what was found."""
    rows = {
        surface: {
            "read": reader.read[surface],
            "characters": reader.size[surface],
            "hits": len(reader.found[surface]),
            "control's hits": len(control.found[surface]),
        }
        for surface in SURFACES
    }
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(json.dumps({**facts, "surfaces": rows}, indent=2) + "\n")
    print(f"\n{'':<26}{'read':>10}{'characters':>14}{'hits':>7}{'control':>9}")
    for surface, row in rows.items():
        print(f"{surface:<26}" + "".join(
            f"{value:>{width},}" for value, width in zip(row.values(), (10, 14, 7, 9), strict=True)
        ))  # fmt: skip
    for name, fact in facts.items():
        print(f"{name:<40} {fact:>10,}")
    for surface, found in reader.found.items():
        for one in found[:10]:
            print(f"FOUND in {surface}: {one}")
    blind = [surface for surface in SURFACES if not control.found[surface]]
    unread = [surface for surface in SURFACES if not reader.read[surface]]
    for surface in blind + unread:
        print(f"NOT SEEN: {surface}")
    return not (any(reader.found.values()) or blind or unread) and reader.own > 0


if __name__ == "__main__":
    main()
