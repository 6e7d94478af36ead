"""Everybody of the fixed cast tries every endpoint of the API.

The table says what each of them must be answered. A new endpoint without a row fails the last
test here; a row's stage says how far the ride has come (see ``world``).
"""

import pytest

from accounts.services import block_member
from accounts.tests.factories import MemberFactory, UserFactory
from carpool.kernel.tests.problems import PROBLEM_STATUSES, assert_problem_shape
from carpool.tests.addresses import api_endpoints
from carpool.tests.world import world_at
from rides import services
from rides.tests.factories import book

pytestmark = pytest.mark.usefixtures("city")

WHO = ("anonymous", "newcomer", "driver", "rider", "colleague", "manager", "operator", "outsider")

#                                                                ano new drv rid col man ope out
TABLE: dict[tuple[str, str], tuple[str, str]] = {
    # oneself: everybody has their own
    ("GET", "me"):                                  ("booked",  "401 403 200 200 200 200 200 200"),
    ("PATCH", "me"):                                ("booked",  "401 403 200 200 200 200 200 200"),
    ("GET", "me/cars"):                             ("booked",  "401 403 200 200 200 200 200 200"),
    ("POST", "me/cars"):                            ("booked",  "401 403 201 201 201 201 201 201"),
    ("PATCH", "me/cars/<uuid:car_id>"):             ("booked",  "401 403 200 404 404 404 404 404"),
    ("DELETE", "me/cars/<uuid:car_id>"):            ("booked",  "401 403 204 404 404 404 404 404"),
    ("GET", "me/places"):                           ("booked",  "401 403 200 200 200 200 200 200"),
    ("POST", "me/places"):                          ("booked",  "401 403 201 201 201 201 201 201"),
    ("DELETE", "me/places/<uuid:place_id>"):        ("booked",  "401 403 204 404 404 404 404 404"),
    ("GET", "me/company"):                          ("booked",  "401 403 200 200 200 200 200 200"),
    ("PUT", "me/company"):                          ("booked",  "401 403 200 200 200 200 200 200"),
    ("GET", "me/blocks"):                           ("booked",  "401 403 200 200 200 200 200 200"),
    ("DELETE", "me/blocks/<int:block_id>"):         ("booked",  "401 403 204 404 404 404 404 404"),
    ("GET", "me/avoided-places"):                   ("booked",  "401 403 200 200 200 200 200 200"),
    ("POST", "me/avoided-places"):                  ("booked",  "401 403 201 201 201 201 201 201"),
    ("DELETE", "me/avoided-places/<uuid:avoided_id>"):
                                                    ("booked",  "401 403 204 404 404 404 404 404"),
    ("GET", "me/bookings"):                         ("booked",  "401 403 200 200 200 200 200 200"),
    # who is in no organization yet may have another account that is; operators keep theirs apart
    ("POST", "me/merges"):                          ("booked",  "401 202 202 202 202 202 403 202"),
    ("POST", "me/merges/<uuid:merge_id>/confirm"):  ("booked",  "401 404 200 404 404 404 404 404"),
    # communities: who belongs nowhere may join; whether others may, their owners decide
    ("GET", "communities"):                         ("booked",  "401 200 200 200 200 200 200 200"),
    ("POST", "communities/<uuid:community_id>/join"):
                                                    ("booked",  "401 200 409 409 409 409 409 409"),
    ("PUT", "organization/door"):                   ("booked",  "401 403 403 403 403 403 403 403"),
    # the organization: its rules are known to all, decided by managers
    ("GET", "organization/policies"):               ("booked",  "401 403 200 200 200 200 200 200"),
    ("PATCH", "organization/policies"):             ("booked",  "401 403 403 403 403 200 403 403"),
    ("GET", "organization/policies/changes"):       ("booked",  "401 403 403 403 403 200 403 403"),
    ("GET", "organization/sites"):                  ("booked",  "401 403 200 200 200 200 200 200"),
    ("POST", "organization/sites"):                 ("booked",  "401 403 403 403 403 201 403 403"),
    ("PATCH", "organization/sites/<uuid:site_id>"): ("booked",  "401 403 403 403 403 200 403 403"),
    ("DELETE", "organization/sites/<uuid:site_id>"):
                                                    ("booked",  "401 403 403 403 403 204 403 403"),
    ("GET", "organization/branding"):               ("booked",  "401 403 200 200 200 200 200 200"),
    ("PATCH", "organization/branding"):             ("booked",  "401 403 403 403 403 200 403 403"),
    ("PUT", "organization/branding/logo"):          ("booked",  "401 403 403 403 403 200 403 403"),
    ("DELETE", "organization/branding/logo"):       ("booked",  "401 403 403 403 403 200 403 403"),
    # owners decide with whom rides are shared, and the cast has none: accounts/test_partners_api
    ("GET", "organization/partners"):               ("booked",  "401 403 403 403 403 403 403 403"),
    ("POST", "organization/partners"):              ("booked",  "401 403 403 403 403 403 403 403"),
    ("DELETE", "organization/partners/<uuid:partnership_id>"):
                                                    ("booked",  "401 403 403 403 403 403 403 403"),
    ("POST", "organization/partners/<uuid:partnership_id>/accept"):
                                                    ("booked",  "401 403 403 403 403 403 403 403"),
    ("GET", "organization/people"):                 ("booked",  "401 403 403 403 403 200 403 403"),
    ("PATCH", "organization/people/<uuid:person_id>"):
                                                    ("booked",  "401 403 403 403 403 403 403 403"),
    ("POST", "organization/people/<uuid:person_id>/remove"):
                                                    ("booked",  "401 403 403 403 403 200 403 403"),
    ("POST", "organization/people/<uuid:person_id>/readmit"):
                                                    ("booked",  "401 403 403 403 403 200 403 403"),
    ("POST", "organization/leave"):                 ("booked",  "401 403 204 204 204 204 204 204"),
    # the ground
    ("GET", "maps/regions"):                        ("booked",  "401 403 200 200 200 200 200 200"),
    ("GET", "maps/addresses"):                      ("booked",  "401 403 200 200 200 200 200 200"),
    ("GET", "maps/route"):                          ("booked",  "401 403 200 200 200 200 200 200"),
    ("GET", "maps/place"):                          ("booked",  "401 403 200 200 200 200 200 200"),
    # rides: seen by the organization, moved by the driver
    ("GET", "rides"):                               ("booked",  "401 403 200 200 200 200 200 200"),
    ("POST", "rides"):                              ("booked",  "401 403 201 404 404 404 404 404"),
    ("GET", "rides/<uuid:ride_id>"):                ("booked",  "401 403 200 200 200 200 200 404"),
    ("POST", "rides/<uuid:ride_id>/cancel"):        ("booked",  "401 403 200 403 403 403 403 404"),
    ("POST", "rides/<uuid:ride_id>/start"):         ("leaving", "401 403 200 403 403 403 403 404"),
    ("POST", "rides/<uuid:ride_id>/finish"):        ("driving", "401 403 200 403 403 403 403 404"),
    ("POST", "rides/<uuid:ride_id>/stops/<int:stop_id>/visit"):
                                                    ("driving", "401 403 200 403 403 403 403 404"),
    ("POST", "rides/<uuid:ride_id>/replace"):       ("offered", "401 403 201 403 403 403 403 404"),
    ("POST", "rides/<uuid:ride_id>/change"):        ("booked",  "401 403 200 403 403 403 403 404"),
    ("GET", "me/change-questions"):                 ("booked",  "401 403 200 200 200 200 200 200"),
    # rides that repeat: one's own
    ("GET", "me/recurring-rides"):                  ("booked",  "401 403 200 200 200 200 200 200"),
    ("POST", "me/recurring-rides"):                 ("booked",  "401 403 201 404 404 404 404 404"),
    ("GET", "recurring-rides/<uuid:recurring_id>"): ("booked",  "401 403 200 404 404 404 404 404"),
    ("PUT", "recurring-rides/<uuid:recurring_id>"): ("booked",  "401 403 200 404 404 404 404 404"),
    ("GET", "recurring-rides/<uuid:recurring_id>/days"):
                                                    ("booked",  "401 403 200 404 404 404 404 404"),
    ("POST", "recurring-rides/<uuid:recurring_id>/end"):
                                                    ("booked",  "401 403 204 404 404 404 404 404"),
    ("POST", "recurring-rides/<uuid:recurring_id>/days-out"):
                                                    ("booked",  "401 403 200 404 404 404 404 404"),
    ("POST", "recurring-rides/<uuid:recurring_id>/day-back"):
                                                    ("booked",  "401 403 422 404 404 404 404 404"),
    # instant rides: found by code only, by whom the ride would show itself
    ("POST", "instant"):                            ("offered", "401 403 201 404 404 404 404 404"),
    ("GET", "instant/<str:code>"):                  ("offered", "401 403 200 200 200 200 200 404"),
    ("POST", "instant/<str:code>/join"):            ("offered", "401 403 201 201 201 201 201 404"),
    ("POST", "rides/<uuid:ride_id>/board"):         ("booked",  "401 403 409 403 403 403 403 404"),
    ("POST", "bookings/<uuid:booking_id>/alight"):  ("booked",  "401 403 409 409 404 404 404 404"),
    # safety: about people in rides that one may see; links for who is in the car
    ("POST", "rides/<uuid:ride_id>/reports"):       ("booked",  "401 403 404 204 204 204 204 404"),
    ("POST", "rides/<uuid:ride_id>/blocks"):        ("booked",  "401 403 404 204 204 204 204 404"),
    ("POST", "rides/<uuid:ride_id>/shares"):        ("booked",  "401 403 201 201 403 403 403 404"),
    ("DELETE", "rides/<uuid:ride_id>/shares"):      ("booked",  "401 403 204 204 204 204 204 404"),
    # positions: from who is in the car, for who waits for it; verdicts for who travelled
    ("POST", "rides/<uuid:ride_id>/positions"):     ("driving", "401 403 200 200 403 403 403 404"),
    ("PUT", "rides/<uuid:ride_id>/sharing"):        ("booked",  "401 403 204 204 403 403 403 404"),
    ("DELETE", "rides/<uuid:ride_id>/sharing"):     ("booked",  "401 403 204 204 204 204 204 404"),
    ("GET", "rides/<uuid:ride_id>/car"):            ("driving", "401 403 200 200 403 403 403 404"),
    ("GET", "rides/<uuid:ride_id>/verdicts"):       ("over",    "401 403 200 200 200 200 200 404"),
    ("POST", "verdicts/<uuid:verification_id>/appeal"):
                                                    ("booked",  "401 403 204 204 404 404 404 404"),
    # bookings: made by anybody of the organization, seen by the rider, decided by the driver
    ("POST", "searches"):                           ("offered", "401 403 200 200 200 200 200 200"),
    ("POST", "searches/drawing"):                   ("offered", "401 403 200 200 200 200 200 404"),
    ("POST", "bookings"):                           ("offered", "401 403 403 201 201 201 201 404"),
    ("GET", "bookings/<uuid:booking_id>"):          ("booked",  "401 403 404 200 404 404 404 404"),
    ("POST", "bookings/<uuid:booking_id>/cancel"):  ("booked",  "401 403 200 200 404 404 404 404"),
    ("POST", "bookings/<uuid:booking_id>/confirm"): ("asked",   "401 403 200 403 404 404 404 404"),
    ("POST", "bookings/<uuid:booking_id>/decline"): ("asked",   "401 403 200 403 404 404 404 404"),
    ("POST", "bookings/<uuid:booking_id>/answer"):  ("over",    "401 403 200 200 404 404 404 404"),
    ("POST", "bookings/<uuid:booking_id>/missing"): ("over",    "401 403 200 409 404 404 404 404"),
    ("POST", "bookings/<uuid:booking_id>/change-answer"):
                                                    ("booked",  "401 403 404 409 404 404 404 404"),
    ("GET", "bookings/<uuid:booking_id>/leaving"):  ("booked",  "401 403 200 200 404 404 404 404"),
    ("GET", "bookings/<uuid:booking_id>/fare"):     ("booked",  "401 403 200 200 404 404 404 404"),
    ("POST", "bookings/<uuid:booking_id>/fare/objection"):
                                                    ("booked",  "401 403 404 409 404 404 404 404"),
    ("POST", "bookings/<uuid:booking_id>/payment"): ("booked",  "401 403 404 409 404 404 404 404"),
    # ratings: blind, by the two of a trip that took place; read by the rated, with their own score
    ("GET", "bookings/<uuid:booking_id>/rating"):   ("booked",  "401 403 200 200 404 404 404 404"),
    ("PUT", "bookings/<uuid:booking_id>/rating"):   ("over",    "401 403 200 200 404 404 404 404"),
    ("GET", "me/reliability"):                      ("booked",  "401 403 200 200 200 200 200 200"),
    ("GET", "me/deeds"):                            ("booked",  "401 403 200 200 200 200 200 200"),
    ("POST", "me/deeds/<int:deed_id>/objection"):   ("booked",  "401 403 201 404 404 404 404 404"),
    ("GET", "me/ratings"):                          ("booked",  "401 403 200 200 200 200 200 200"),
    ("POST", "me/ratings/<uuid:review_id>/reports"):
                                                    ("booked",  "401 403 204 404 404 404 404 404"),
    # standing requests: one's own
    ("GET", "requests"):                            ("booked",  "401 403 200 200 200 200 200 200"),
    ("POST", "requests"):                           ("booked",  "401 403 201 201 201 201 201 201"),
    ("POST", "requests/<uuid:request_id>/close"):   ("booked",  "401 403 404 200 404 404 404 404"),
    # answers to requests: made by drivers whom the rider may ride with, compared by the rider
    ("GET", "me/sought-rides"):                     ("booked",  "401 403 200 200 200 200 200 200"),
    ("GET", "me/request-offers"):                   ("booked",  "401 403 200 200 200 200 200 200"),
    ("GET", "requests/<uuid:request_id>/offers"):   ("booked",  "401 403 404 200 404 404 404 404"),
    ("POST", "requests/<uuid:request_id>/offers"):  ("offered", "401 403 201 404 403 403 403 404"),
    ("POST", "request-offers/<uuid:offer_id>/withdraw"):
                                                    ("booked",  "401 403 200 403 404 404 404 404"),
    # news: one's own
    ("GET", "notifications"):                       ("booked",  "401 403 200 200 200 200 200 200"),
    ("GET", "notifications/unread"):                ("booked",  "401 403 200 200 200 200 200 200"),
    ("POST", "notifications/read"):                 ("booked",  "401 403 200 200 200 200 200 200"),
    ("POST", "notifications/<uuid:notification_id>/read"):
                                                    ("booked",  "401 403 404 200 404 404 404 404"),
    ("GET", "notifications/preferences"):           ("booked",  "401 403 200 200 200 200 200 200"),
    ("PUT", "notifications/preferences"):           ("booked",  "401 403 200 200 200 200 200 200"),
    ("GET", "notifications/calendar"):              ("booked",  "401 403 200 200 200 200 200 200"),
    ("POST", "notifications/calendar"):             ("booked",  "401 403 200 200 200 200 200 200"),
    ("GET", "notifications/push-key"):              ("booked",  "401 403 200 200 200 200 200 200"),
    ("GET", "me/devices"):                          ("booked",  "401 403 200 200 200 200 200 200"),
    ("POST", "me/devices"):                         ("booked",  "401 403 201 201 201 201 201 201"),
    ("DELETE", "me/devices/<uuid:device_id>"):      ("booked",  "401 403 404 204 404 404 404 404"),
    # conversations: of those aboard; whoever may see a ride may ask its driver
    ("GET", "conversations"):                       ("booked",  "401 403 200 200 200 200 200 200"),
    ("POST", "conversations"):                      ("booked",  "401 403 200 200 200 200 200 404"),
    ("GET", "conversations/settings"):              ("booked",  "401 403 200 200 200 200 200 200"),
    ("PUT", "conversations/settings"):              ("booked",  "401 403 200 200 200 200 200 200"),
    ("GET", "conversations/<uuid:conversation_id>"):
                                                    ("booked",  "401 403 200 200 404 404 404 404"),
    ("POST", "conversations/<uuid:conversation_id>/leave"):
                                                    ("booked",  "401 403 404 404 404 404 404 404"),
    ("GET", "conversations/<uuid:conversation_id>/messages"):
                                                    ("booked",  "401 403 200 200 404 404 404 404"),
    ("POST", "conversations/<uuid:conversation_id>/messages"):
                                                    ("booked",  "401 403 201 201 404 404 404 404"),
    ("POST", "conversations/<uuid:conversation_id>/marks"):
                                                    ("booked",  "401 403 200 200 404 404 404 404"),
    ("PUT", "conversations/<uuid:conversation_id>/muted"):
                                                    ("booked",  "401 403 200 200 404 404 404 404"),
    ("POST", "conversations/<uuid:conversation_id>/photos"):
                                                    ("booked",  "401 403 201 201 404 404 404 404"),
    ("GET", "conversations/<uuid:conversation_id>/photos/<uuid:photo_id>"):
                                                    ("booked",  "401 403 200 200 404 404 404 404"),
    # budgets: what an organization pays of fares; managers decide, of their own only
    ("GET", "organization/budgets"):                ("booked",  "401 403 403 403 403 200 403 403"),
    ("POST", "organization/budgets"):               ("booked",  "401 403 403 403 403 201 403 403"),
    ("GET", "organization/budgets/<uuid:budget_id>"):
                                                    ("booked",  "401 403 403 403 403 200 403 403"),
    ("PATCH", "organization/budgets/<uuid:budget_id>"):
                                                    ("booked",  "401 403 403 403 403 200 403 403"),
    ("POST", "organization/budgets/<uuid:budget_id>/open"):
                                                    ("booked",  "401 403 403 403 403 200 403 403"),
    ("POST", "organization/budgets/<uuid:budget_id>/close"):
                                                    ("booked",  "401 403 403 403 403 200 403 403"),
    # incentives: what can be earned and was, each for themselves; managers decide of their own
    ("GET", "me/incentives"):                       ("booked",  "401 403 200 200 200 200 200 200"),
    ("GET", "me/rewards"):                          ("booked",  "401 403 200 200 200 200 200 200"),
    ("GET", "organization/incentives"):             ("booked",  "401 403 403 403 403 200 403 403"),
    ("POST", "organization/incentives"):            ("booked",  "401 403 403 403 403 201 403 403"),
    ("GET", "organization/incentives/<uuid:incentive_id>"):
                                                    ("booked",  "401 403 403 403 403 200 403 403"),
    ("PATCH", "organization/incentives/<uuid:incentive_id>"):
                                                    ("booked",  "401 403 403 403 403 200 403 403"),
    ("POST", "organization/incentives/<uuid:incentive_id>/trial"):
                                                    ("booked",  "401 403 403 403 403 200 403 403"),
    ("POST", "organization/incentives/<uuid:incentive_id>/state"):
                                                    ("booked",  "401 403 403 403 403 200 403 403"),
    ("POST", "organization/incentives/<uuid:incentive_id>/version"):
                                                    ("booked",  "401 403 403 403 403 200 403 403"),
    ("POST", "organization/rewards/<uuid:reward_id>/take-back"):
                                                    ("booked",  "401 403 403 403 403 200 403 403"),
    # working days: one's own; managers see counts
    ("GET", "me/work-days"):                        ("booked",  "401 403 200 200 200 200 200 200"),
    ("PUT", "me/work-days"):                        ("booked",  "401 403 200 200 200 200 200 200"),
    ("GET", "organization/work-days"):              ("booked",  "401 403 403 403 403 200 403 403"),
    ("POST", "rides/<uuid:ride_id>/seat-terms"):    ("booked",  "401 403 200 200 200 200 200 404"),
    # the wallet: everybody has their own
    ("GET", "wallet"):                              ("booked",  "401 403 200 200 200 200 200 200"),
    ("GET", "wallet/movements"):                    ("booked",  "401 403 200 200 200 200 200 200"),
    ("GET", "wallet/months/<str:month>"):           ("booked",  "401 403 200 200 200 200 200 200"),
    # launch studies: the managers'; others of the organization may know that there are some
    ("GET", "studies"):                             ("booked",  "401 403 403 403 403 200 403 403"),
    ("POST", "studies"):                            ("booked",  "401 403 403 403 403 201 403 403"),
    ("GET", "studies/<uuid:study_id>"):             ("booked",  "401 403 403 403 403 200 403 404"),
    ("DELETE", "studies/<uuid:study_id>"):          ("booked",  "401 403 403 403 403 204 403 404"),
    # the plan: one's own; proposals: answered by those concerned; assignments: for managers
    ("GET", "plan"):                                ("booked",  "401 403 200 200 404 404 404 404"),
    ("PUT", "plan"):                                ("booked",  "401 403 200 200 200 200 200 200"),
    ("GET", "proposals"):                           ("booked",  "401 403 200 200 200 200 200 200"),
    ("POST", "proposals/<uuid:proposal_id>/answer"):
                                                    ("booked",  "401 403 200 200 404 404 404 404"),
    ("GET", "assignments"):                         ("booked",  "401 403 403 403 403 200 403 403"),
    ("POST", "assignments"):                        ("booked",  "401 403 403 403 403 202 403 403"),
    # shared taxis: seen by the organization, joined by anybody with a way to pay, led by the host
    ("GET", "rooms"):                               ("booked",  "401 403 200 200 200 200 200 200"),
    ("POST", "rooms"):                              ("booked",  "401 403 201 201 201 201 201 201"),
    ("POST", "rooms/quote"):                        ("booked",  "401 403 200 200 200 200 200 200"),
    ("GET", "me/rooms"):                            ("booked",  "401 403 200 200 200 200 200 200"),
    ("GET", "rooms/<uuid:room_id>"):                ("booked",  "401 403 200 200 200 200 200 404"),
    ("POST", "rooms/<uuid:room_id>/quote"):         ("booked",  "401 403 409 409 200 200 200 404"),
    ("POST", "rooms/<uuid:room_id>/join"):          ("booked",  "401 403 409 409 201 201 201 404"),
    ("POST", "rooms/<uuid:room_id>/leave"):         ("booked",  "401 403 409 200 404 404 404 404"),
    ("PUT", "rooms/<uuid:room_id>/next-host"):      ("booked",  "401 403 200 403 403 403 403 404"),
    ("POST", "rooms/<uuid:room_id>/take-over"):     ("booked",  "401 403 409 409 404 404 404 404"),
    ("POST", "rooms/<uuid:room_id>/lock"):          ("booked",  "401 403 200 403 403 403 403 404"),
    ("PUT", "rooms/<uuid:room_id>/taxi"):           ("booked",  "401 403 409 403 403 403 403 404"),
    ("POST", "rooms/<uuid:room_id>/board"):         ("booked",  "401 403 409 403 403 403 403 404"),
    ("POST", "rooms/<uuid:room_id>/seats/<uuid:seat_id>/absent"):
                                                    ("booked",  "401 403 409 403 403 403 403 404"),
    ("POST", "rooms/<uuid:room_id>/depart"):        ("booked",  "401 403 409 403 403 403 403 404"),
    ("POST", "rooms/<uuid:room_id>/arrive"):        ("booked",  "401 403 409 403 403 403 403 404"),
    ("POST", "rooms/<uuid:room_id>/cancel"):        ("booked",  "401 403 200 403 403 403 403 404"),
    ("POST", "rooms/searches"):                     ("booked",  "401 403 200 200 200 200 200 200"),
    ("GET", "rooms/board"):                         ("booked",  "401 403 200 200 200 200 200 200"),
    # the money of a shared taxi: its price is everybody's to know, who paid what its people's
    ("GET", "rooms/<uuid:room_id>/money"):          ("booked",  "401 403 200 200 200 200 200 404"),
    ("POST", "rooms/<uuid:room_id>/fare"):          ("booked",  "401 403 409 403 403 403 403 404"),
    ("POST", "rooms/<uuid:room_id>/absorb"):        ("booked",  "401 403 409 403 403 403 403 404"),
    ("POST", "rooms/<uuid:room_id>/top-ups/<uuid:top_up_id>"):
                                                    ("booked",  "401 403 404 200 404 404 404 404"),
    ("POST", "rooms/<uuid:room_id>/dispute"):       ("booked",  "401 403 404 404 404 404 404 404"),
    ("GET", "rooms/<uuid:room_id>/merger"):         ("booked",  "401 403 404 404 404 404 404 404"),
    ("POST", "rooms/<uuid:room_id>/merger"):        ("booked",  "401 403 404 404 404 404 404 404"),
    ("POST", "rooms/<uuid:room_id>/here"):          ("booked",  "401 403 409 409 404 404 404 404"),
}  # fmt: skip


@pytest.fixture(autouse=True)
def _play_money(settings):
    settings.PAYMENT_PROVIDERS = ["test_bank"]


@pytest.mark.parametrize(("method", "path"), TABLE)
def test_everybody_is_answered_as_the_table_says(cast, now, method, path):
    stage, row = TABLE[method, path]
    expected = dict(zip(WHO, map(int, row.split()), strict=True))
    people = vars(cast) | {"anonymous": None, "newcomer": UserFactory()}
    answered = {}
    with world_at(stage, cast, now) as world:
        for who in WHO:
            answer = world.send(people[who], method, path)
            answered[who] = answer.status_code
            if answer.status_code in PROBLEM_STATUSES:
                assert_problem_shape(answer)
    assert answered == expected


# Whoever gave their seat back is answered as any colleague; so is whoever the driver blocked, but
# of the driver's ride they find nothing.
OF_THE_RIDE = {key for key in TABLE if key[1].startswith(("rides/<", "rooms/<"))} | {
    ("POST", "conversations")
}
BEFORE = [key for key, (stage, _row) in TABLE.items() if stage == "booked"]


@pytest.mark.parametrize(("method", "path"), BEFORE)
def test_who_had_a_seat_or_is_blocked_is_answered_as_the_table_says(cast, now, method, path):
    colleagues = int(TABLE[method, path][1].split()[WHO.index("colleague")])
    with world_at("booked", cast, now) as world:
        former, blocked = (MemberFactory(organization=cast.organization) for _ in range(2))
        booking = book(former, world.ride, now=now)
        services.cancel_booking(booking_id=booking.pk, by=former, reason="", now=now)
        block_member(by=cast.driver, other=blocked, now=now)
        answered = [world.send(who, method, path).status_code for who in (former, blocked)]
    assert answered == [colleagues, 404 if (method, path) in OF_THE_RIDE else colleagues]


def test_every_endpoint_has_a_row():
    assert {key for key in api_endpoints() if key[1]} == set(TABLE)


@pytest.mark.parametrize("path", ["/api/schema/", "/api/docs/"])
def test_the_description_of_the_api_is_open_to_everybody(client, db, path):
    assert client.get(path).status_code == 200
