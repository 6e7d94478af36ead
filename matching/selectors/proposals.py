"""Reads about proposals, as one member may see them.

The driver knows their own doors, the riders' first names, and where those get in who said yes; of
the others a street. A rider knows the driver's first name and car, where they get in and out
themselves, and who else is asked. Nobody else knows anything.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Prefetch, Q, QuerySet
from django.utils.functional import cached_property

from accounts.models import Member
from carpool.kernel.geo import LonLat, coarse_cell, from_point, walking_time
from carpool.kernel.money import Money
from matching.errors import ProposalNotFound
from matching.models import (
    Answer,
    AssignmentRun,
    CarpoolProposal,
    Outcome,
    ProposalSeat,
    ProposalState,
    RunCommuter,
    RunState,
)
from matching.models.runs import UNDER_WAY
from matching.selectors.proposal_prices import price_of_seat
from matching.selectors.search import CO2_G_PER_KM
from rides.models import Booking


@dataclass(frozen=True, slots=True)
class SeatView:
    """A rider of a proposal: where and when, as exactly as the viewer may know."""

    seat: ProposalSeat
    is_exact: bool

    @property
    def pickup(self) -> LonLat:
        """Where they get in, or the middle of the cell."""
        place = self.seat.pickup_place
        return place if self.is_exact or self.seat.pickup_public else coarse_cell(place)

    @property
    def pickup_label(self) -> str:
        """The corner, or a street near it."""
        exact = self.is_exact or self.seat.pickup_public
        return self.seat.pickup_label if exact else self.seat.pickup_area

    @property
    def dropoff(self) -> LonLat:
        """Where they get out, or the middle of the cell."""
        place = self.seat.dropoff_place
        return place if self.is_exact or self.seat.dropoff_public else coarse_cell(place)

    @property
    def dropoff_label(self) -> str:
        """The corner, or a street near it."""
        exact = self.is_exact or self.seat.dropoff_public
        return self.seat.dropoff_label if exact else self.seat.dropoff_area


@dataclass(frozen=True, slots=True)
class StopView:
    """Where the driver of a proposal stops for a rider."""

    rider: SeatView
    at: datetime
    label: str
    gets_in: bool


@dataclass(frozen=True)
class ProposalView:
    """A proposal as one member may see it."""

    proposal: CarpoolProposal
    viewer: Member

    @property
    def is_driver(self) -> bool:
        """Whether the viewer would drive."""
        return self.proposal.driver_id == self.viewer.pk

    @cached_property
    def _asked(self) -> list[ProposalSeat]:
        return [seat for seat in self.proposal.seats.all() if seat.answer != Answer.NO]

    @cached_property
    def mine(self) -> SeatView | None:
        """The viewer's own seat."""
        seats = self.proposal.seats.all()
        mine = next((seat for seat in seats if seat.rider_id == self.viewer.pk), None)
        return None if mine is None else SeatView(mine, is_exact=True)

    @cached_property
    def price(self) -> Money | None:
        """What the viewer's own seat costs, while they can say yes and would pay for it."""
        is_asked = self.waits_for_me and self.viewer.organization.policy.prepays_rides
        return price_of_seat(self.mine.seat) if self.mine is not None and is_asked else None

    @property
    def ends(self) -> tuple[LonLat, ...]:
        """Where the viewer's own trip begins and ends."""
        if self.mine is None:
            return ()
        return from_point(self.mine.seat.origin), from_point(self.mine.seat.destination)

    @property
    def riders(self) -> list[SeatView]:
        """Who rides along, for the driver; those who said no are not among them."""
        if not self.is_driver:
            return []
        return [SeatView(seat, is_exact=seat.answer == Answer.YES) for seat in self._asked]

    @property
    def stops(self) -> list[StopView]:
        """Where the driver stops on the way, in order; at a site they share nobody needs a line."""
        proposal, found = self.proposal, []
        for rider in self.riders:
            seat = rider.seat
            if not (seat.pickup_public and seat.pickup_area == proposal.origin_area):
                found.append(StopView(rider, seat.pickup_at, rider.pickup_label, gets_in=True))
            if not (seat.dropoff_public and seat.dropoff_area == proposal.destination_area):
                found.append(StopView(rider, seat.dropoff_at, rider.dropoff_label, gets_in=False))
        return sorted(found, key=lambda stop: stop.at)

    @property
    def fellows(self) -> list[Member]:
        """Who else is asked to ride along, for a rider."""
        return [seat.rider for seat in self._asked if seat.rider_id != self.viewer.pk]

    @property
    def origin_label(self) -> str:
        """Where the car starts."""
        proposal = self.proposal
        return proposal.origin_label if self.is_driver else proposal.origin_area

    @property
    def destination_label(self) -> str:
        """Where the car goes."""
        proposal = self.proposal
        return proposal.destination_label if self.is_driver else proposal.destination_area

    @property
    def leaves_home_at(self) -> datetime:
        """When the viewer leaves their own door."""
        if self.mine is None:
            return self.proposal.departure_at
        return self.mine.seat.pickup_at - walking_time(self.mine.seat.walk_to_m)

    @property
    def arrives_at(self) -> datetime:
        """When the viewer is at their own destination."""
        if self.mine is None:
            return self.proposal.arrival_at
        return self.mine.seat.dropoff_at + walking_time(self.mine.seat.walk_from_m)

    @property
    def saved_m(self) -> int:
        """Metres not driven: by all cars together, for the driver; by one's own, for a rider."""
        return max(0, self.proposal.saved_m) if self.mine is None else self.mine.seat.alone_m

    @property
    def saved_co2_g(self) -> int:
        """What those metres would have emitted."""
        return round(self.saved_m / 1000 * CO2_G_PER_KM)

    @property
    def answer(self) -> Answer:
        """What the viewer said so far."""
        if self.mine is not None:
            return Answer(self.mine.seat.answer)
        said = {ProposalState.TAKEN: Answer.YES, ProposalState.OPEN: Answer.NONE}
        return said.get(ProposalState(self.proposal.state), Answer.NO)

    @property
    def waits_for_me(self) -> bool:
        """Whether a tap of the viewer is asked for."""
        going = {ProposalState.OPEN, ProposalState.TAKEN}
        return self.answer == Answer.NONE and self.proposal.state in going


def _with_everything(proposals: QuerySet[CarpoolProposal]) -> QuerySet[CarpoolProposal]:
    seats = ProposalSeat.objects.select_related("rider__organization").order_by("pickup_at", "id")
    return proposals.select_related("run", "driver__organization", "car").prefetch_related(
        Prefetch("seats", queryset=seats)
    )


def list_open_proposals_for(member: Member, *, now: datetime) -> QuerySet[CarpoolProposal]:
    """List the proposals that a member can still say something to, or waits for others in.

    A ride that came of one is shown where rides are, and a proposal that one said no to nowhere.
    """
    said_yes = ProposalSeat.objects.filter(rider=member, answer=Answer.YES)
    waiting_for_others = CarpoolProposal.objects.filter(
        state=ProposalState.OPEN, answer_by__gt=now, pk__in=said_yes.values("proposal")
    )
    return _with_everything(
        CarpoolProposal.objects.filter(
            Q(pk__in=CarpoolProposal.objects.awaiting(member, now).values("pk"))
            | Q(pk__in=waiting_for_others.values("pk"))
        )
    ).order_by("departure_at", "id")


def list_proposals(member: Member) -> QuerySet[CarpoolProposal]:
    """List everything that was ever proposed to a member."""
    return _with_everything(CarpoolProposal.objects.visible_to(member))


def count_awaiting(member: Member, *, now: datetime) -> int:
    """Count the proposals that wait for a tap of the member."""
    return CarpoolProposal.objects.awaiting(member, now).count()


def get_proposal_for(member: Member, proposal_id: UUID, *, lock: bool = False) -> CarpoolProposal:
    """Return a proposal that was made to the member.

    Raises:
        ProposalNotFound: it was not, or does not exist.
    """
    proposals = CarpoolProposal.objects.visible_to(member).filter(pk=proposal_id)
    proposals = proposals.select_for_update(of=("self",)) if lock else proposals
    proposal = _with_everything(proposals).first()
    if proposal is None:
        raise ProposalNotFound
    return proposal


def booking_of(proposal: CarpoolProposal, rider: Member) -> Booking | None:
    """Return the booking that came of a rider's yes."""
    seat = next((seat for seat in proposal.seats.all() if seat.rider_id == rider.pk), None)
    return seat.booking if seat is not None else None


def list_runs(member: Member) -> QuerySet[AssignmentRun]:
    """List the runs of the member's organization; those between partners are not its own."""
    return AssignmentRun.objects.filter(organization=member.organization_id, partner=None)


def list_left_over(member: Member, *, now: datetime) -> list[RunCommuter]:
    """List the coming trips for which the last run found nobody to share a car with."""
    today = now.astimezone(member.organization.zone).date()
    rows = (
        RunCommuter.objects.filter(
            member=member, run__service_date__gt=today, run__state=RunState.DONE
        )
        .select_related("run")
        .order_by("run__service_date", "-run__direction", "-run__created_at")
    )
    latest: dict[object, RunCommuter] = {}
    for row in rows:
        latest.setdefault((row.run.service_date, row.run.direction), row)
    alone = {Outcome.ALONE, Outcome.LEFT_OUT}
    return [row for row in latest.values() if row.outcome in alone]


def failed_run(member: Member, *, now: datetime) -> AssignmentRun | None:
    """Return the run for a coming day that failed, unless one after it did not."""
    today = now.astimezone(member.organization.zone).date()
    runs = list_runs(member).filter(service_date__gt=today)
    last = runs.order_by("-created_at").first()
    return last if last is not None and last.state == RunState.FAILED else None


def is_run_under_way(member: Member) -> bool:
    """Tell whether proposals for the member's organization are being computed."""
    return list_runs(member).filter(state__in=UNDER_WAY).exists()
