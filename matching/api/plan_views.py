"""Endpoints of the plan, of proposals, and of assignments."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import generics, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.permissions import member_of
from accounts.permissions import is_manager
from carpool.kernel import clock
from carpool.kernel.api import PROBLEMS, READ_PROBLEMS
from carpool.kernel.idempotency import KEY, idempotent
from matching import services
from matching.api.plan_serializers import (
    AssignmentRequestSerializer,
    AssignmentRunSerializer,
    PlanSerializer,
    ProposalAnswerSerializer,
    ProposalSerializer,
)
from matching.errors import NotAManager, PlanNotFound
from matching.selectors import plans, proposals
from matching.selectors.proposals import ProposalView
from rides.services import collect_price


class PlanView(APIView):
    """One's own week."""

    @extend_schema(
        responses={200: PlanSerializer, **READ_PROBLEMS}, tags=["plan"], summary="Show your week"
    )
    def get(self, request: Request) -> Response:
        """Show the caller's own plan."""
        return Response(PlanSerializer(self._plan(request)).data)

    @extend_schema(
        request=PlanSerializer,
        responses={200: PlanSerializer, **PROBLEMS},
        tags=["plan"],
        summary="Plan your week",
    )
    def put(self, request: Request) -> Response:
        """Write the caller's week down, in the place of the one before."""
        form = PlanSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        services.save_plan(member=member_of(request), terms=form.to_terms(), now=clock.now())
        return Response(PlanSerializer(self._plan(request)).data)

    def _plan(self, request: Request) -> Any:
        plan = plans.plan_of(member_of(request))
        if plan is None:
            raise PlanNotFound
        return plan


class ProposalsView(generics.ListAPIView[Any]):
    """What is proposed to one."""

    serializer_class = ProposalSerializer

    def get_queryset(self) -> Any:
        """List what was ever proposed to the caller."""
        return proposals.list_proposals(member_of(self.request))

    @extend_schema(
        responses={200: ProposalSerializer(many=True), **READ_PROBLEMS},
        tags=["plan"],
        summary="List what is proposed to you",
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List the caller's proposals, newest first."""
        page: Any = self.paginate_queryset(self.get_queryset())
        member = member_of(request)
        shown = [ProposalSerializer(ProposalView(proposal, member)).data for proposal in page]
        return self.get_paginated_response(shown)


class ProposalAnswerView(APIView):
    """Answering a proposal."""

    @extend_schema(
        request=ProposalAnswerSerializer,
        responses={200: ProposalSerializer, **PROBLEMS},
        parameters=[KEY],
        tags=["plan"],
        summary="Say yes or no to a proposal",
    )
    def post(self, request: Request, proposal_id: UUID) -> Response:
        """Say yes or no, as the driver or as a rider; where seats are prepaid, say how you pay.

        The seat is booked, and paid, once both have said yes. How the payment stands then, and
        where it is approved, ``bookings/{id}/fare`` tells.
        """
        kept, member = self._answer(request, proposal_id), member_of(request)
        own = proposals.booking_of(proposals.get_proposal_for(member, proposal_id), member)
        if own is not None:
            collect_price(booking=own, now=clock.now())
        return kept

    @idempotent
    def _answer(self, request: Request, proposal_id: UUID) -> Response:
        form = ProposalAnswerSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        member = member_of(request)
        services.answer_proposal(
            proposal_id=proposal_id,
            by=member,
            yes=form.validated_data["yes"],
            payment=form.payment,
            now=clock.now(),
        )
        proposal = proposals.get_proposal_for(member, proposal_id)
        view = ProposalView(proposal, member)
        return Response(ProposalSerializer(view).data)


class AssignmentsView(generics.ListAPIView[Any]):
    """Computing proposals, for mobility managers."""

    serializer_class = AssignmentRunSerializer

    def get_queryset(self) -> Any:
        """List the runs of the caller's organization.

        Raises:
            NotAManager: they are for its mobility managers.
        """
        member = member_of(self.request)
        if not is_manager(member):
            raise NotAManager
        return proposals.list_runs(member)

    @extend_schema(
        responses={200: AssignmentRunSerializer(many=True), **READ_PROBLEMS},
        tags=["plan"],
        summary="List assignments of your organization",
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List the computations of the caller's organization, newest first."""
        return self.list(request, *args, **kwargs)

    @extend_schema(
        request=AssignmentRequestSerializer,
        responses={202: AssignmentRunSerializer, **PROBLEMS},
        tags=["plan"],
        summary="Compute proposals now",
    )
    def post(self, request: Request) -> Response:
        """Ask for proposals for one day and direction; they are computed in the background."""
        form = AssignmentRequestSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        member = member_of(request)
        run = services.queue_run(
            organization=member.organization, by=member, now=clock.now(), **form.validated_data
        )
        run.refresh_from_db()
        return Response(AssignmentRunSerializer(run).data, status=status.HTTP_202_ACCEPTED)
