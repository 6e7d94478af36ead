"""Endpoints of incentives: what members can earn and have earned, what managers decide."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import generics, status
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.permissions import member_of
from accounts.models import Member
from accounts.selectors import require_manager
from carpool.kernel import clock
from carpool.kernel.api import PROBLEMS, READ_PROBLEMS, Page
from carpool.kernel.idempotency import KEY, idempotent
from payments import services
from payments.api.serializers_incentives import (
    EarningSerializer,
    IncentiveRulesSerializer,
    IncentiveSerializer,
    RewardSerializer,
    SwitchSerializer,
    TakeBackSerializer,
    TakenBackSerializer,
)
from payments.models import Incentive, IncentiveState, Reward
from payments.selectors.budgets import get_budget
from payments.selectors.incentives import (
    get_incentive,
    list_earnings,
    list_incentives,
    list_rewards,
    views_of,
)

OF_MANAGERS, OWN = ["organization"], ["wallet"]


class EarningsView(APIView):
    """What one can earn."""

    @extend_schema(
        responses={200: EarningSerializer(many=True), **READ_PROBLEMS},
        tags=OWN,
        operation_id="own_incentives_list",
        summary="List what you can earn by carpooling",
    )
    def get(self, request: Request) -> Response:
        """List the rules that are on today, and how much of their caps you have used."""
        earnings = list_earnings(member_of(request), now=clock.now())
        return Response(EarningSerializer(earnings, many=True).data)


class RewardPage(Page):
    """Newest first."""

    ordering = ("-at", "-id")


class RewardsView(generics.ListAPIView[Reward]):
    """What one got."""

    serializer_class = RewardSerializer
    pagination_class: type[BasePagination] = RewardPage

    def get_queryset(self) -> "QuerySet[Reward]":
        """Return the caller's own."""
        if getattr(self, "swagger_fake_view", False):
            return Reward.objects.none()
        return list_rewards(member_of(self.request))

    @extend_schema(
        responses={200: RewardSerializer(many=True), **READ_PROBLEMS},
        tags=OWN,
        operation_id="own_rewards_list",
        summary="List your rewards",
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List what you got trip by trip, and why you got nothing for others; newest first."""
        return super().get(request, *args, **kwargs)


def _show(member: Member, incentive_id: UUID) -> Response:
    view = views_of([get_incentive(member, incentive_id)])[0]
    return Response(IncentiveSerializer(view).data)


def _save(member: Member, incentive: Incentive, said: dict[str, Any]) -> Incentive:
    """Write what was said into an incentive, and save it."""
    if "budget" in said:
        said = said | {"budget": get_budget(member, said["budget"])}
    for name, value in said.items():
        setattr(incentive, name, value)
    return services.save_incentive(by=member, incentive=incentive, now=clock.now())


class IncentivesView(APIView):
    """The organization's incentives."""

    @extend_schema(
        responses={200: IncentiveSerializer(many=True), **READ_PROBLEMS},
        tags=OF_MANAGERS,
        operation_id="organization_incentives_list",
        summary="List your organization's incentives",
    )
    def get(self, request: Request) -> Response:
        """List every rule with what it gave, those that are on first; for managers."""
        views = list_incentives(member_of(request))
        return Response(IncentiveSerializer(views, many=True).data)

    @extend_schema(
        request=IncentiveRulesSerializer,
        responses={201: IncentiveSerializer, **PROBLEMS},
        tags=OF_MANAGERS,
        summary="Write an incentive",
    )
    def post(self, request: Request) -> Response:
        """Write a draft; it gives nothing before it was tried and switched on."""
        member = member_of(request)
        require_manager(member)
        form = IncentiveRulesSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        draft = Incentive(organization=member.organization)
        answer = _show(member, _save(member, draft, form.validated_data).pk)
        answer.status_code = status.HTTP_201_CREATED
        return answer


class IncentiveView(APIView):
    """One version."""

    @extend_schema(
        responses={200: IncentiveSerializer, **READ_PROBLEMS},
        tags=OF_MANAGERS,
        summary="Look at an incentive",
    )
    def get(self, request: Request, incentive_id: UUID) -> Response:
        """Show its rule, what it would have given, and what it gave."""
        return _show(member_of(request), incentive_id)

    @extend_schema(
        request=IncentiveRulesSerializer,
        responses={200: IncentiveSerializer, **PROBLEMS},
        tags=OF_MANAGERS,
        summary="Change an incentive that was never on",
    )
    def patch(self, request: Request, incentive_id: UUID) -> Response:
        """Change what is sent; the rest stays. It has to be tried anew."""
        member = member_of(request)
        incentive = get_incentive(member, incentive_id)
        form = IncentiveRulesSerializer(data=request.data, partial=True)
        form.is_valid(raise_exception=True)
        _save(member, incentive, form.validated_data)
        return _show(member, incentive_id)


class TrialView(APIView):
    """Trying a version on past trips."""

    @extend_schema(
        request=None,
        responses={200: IncentiveSerializer, **PROBLEMS},
        tags=OF_MANAGERS,
        summary="Try an incentive on past trips",
    )
    def post(self, request: Request, incentive_id: UUID) -> Response:
        """Compute what it would have given in the last 90 days, and keep that beside it."""
        member = member_of(request)
        services.try_incentive(by=member, incentive_id=incentive_id, now=clock.now())
        return _show(member, incentive_id)


class SwitchView(APIView):
    """Switching a version."""

    @extend_schema(
        request=SwitchSerializer,
        responses={200: IncentiveSerializer, **PROBLEMS},
        tags=OF_MANAGERS,
        summary="Switch an incentive on, pause it, or end it",
    )
    def post(self, request: Request, incentive_id: UUID) -> Response:
        """Move it; switched on, it ends the version before it."""
        member = member_of(request)
        form = SwitchSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        after = IncentiveState(form.validated_data["state"])
        services.switch_incentive(
            by=member, incentive_id=incentive_id, after=after, now=clock.now()
        )
        return _show(member, incentive_id)


class VersionView(APIView):
    """Beginning the next version."""

    @extend_schema(
        request=None,
        responses={200: IncentiveSerializer, **PROBLEMS},
        tags=OF_MANAGERS,
        summary="Begin the next version of an incentive",
    )
    def post(self, request: Request, incentive_id: UUID) -> Response:
        """Return the version that may be changed; the one that is on goes on meanwhile."""
        member = member_of(request)
        row = services.revise_incentive(by=member, incentive_id=incentive_id, now=clock.now())
        return _show(member, row.pk)


class TakeBackView(APIView):
    """Taking a reward back."""

    @idempotent
    @extend_schema(
        parameters=[KEY],
        request=TakeBackSerializer,
        responses={200: TakenBackSerializer, **PROBLEMS},
        tags=OF_MANAGERS,
        summary="Take a reward back",
    )
    def post(self, request: Request, reward_id: UUID) -> Response:
        """Take it back within 30 days, as far as it was not paid out yet."""
        member = member_of(request)
        require_manager(member)
        form = TakeBackSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        row = services.take_back_reward(
            reward_id=reward_id, by=member, why=form.validated_data["why"], now=clock.now()
        )
        return Response(TakenBackSerializer(row).data)
