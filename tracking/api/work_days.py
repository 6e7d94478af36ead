"""Endpoints of the log of working days."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiParameter,
    extend_schema,
    extend_schema_serializer,
)
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.permissions import member_of
from carpool.kernel import clock
from carpool.kernel.api import PROBLEMS, READ_PROBLEMS
from carpool.kernel.strict import StrictSerializer
from tracking import services
from tracking.models import DayKind, WorkDay
from tracking.selectors.work_days import (
    count_work_days,
    list_work_days,
    read_month,
)

MONTH = OpenApiParameter("month", OpenApiTypes.STR, description="As 2026-11; this month without")


class WorkDaySerializer(serializers.ModelSerializer[WorkDay]):
    """A day of which something is known."""

    kind = serializers.ChoiceField(
        choices=DayKind.choices, help_text="As you say, or else as a trip proves"
    )
    is_corrected = serializers.BooleanField(help_text="You say otherwise than the trip")

    class Meta:
        model = WorkDay
        fields = ("date", "kind", "arrived_at", "said", "said_at", "is_corrected")
        extra_kwargs = {
            "arrived_at": {"help_text": "When a proven trip ended at work; null: none did"},
            "said": {"help_text": "Your own entry; empty: none"},
        }


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "At home", request_only=True, value={"date": "2026-11-23", "kind": "telework"}
        )
    ]
)
class SaidDaySerializer(StrictSerializer):
    """Where you worked, or will."""

    date = serializers.DateField(help_text="On your organization's clock")
    kind = serializers.ChoiceField(
        choices=DayKind.choices, allow_null=True, help_text="null takes your own entry back"
    )


class DayCountSerializer(serializers.Serializer[Any]):
    """How many people worked where on a day; null: fewer than five, but somebody."""

    date = serializers.DateField()
    on_site = serializers.IntegerField(allow_null=True)
    telework = serializers.IntegerField(allow_null=True)
    away = serializers.IntegerField(allow_null=True)


class OwnDaysView(APIView):
    """One's own days."""

    @extend_schema(
        parameters=[MONTH],
        responses={200: WorkDaySerializer(many=True), **READ_PROBLEMS},
        tags=["working days"],
        operation_id="own_work_days_list",
        summary="List your working days of a month",
    )
    def get(self, request: Request) -> Response:
        """List the days of which something is known, by a proven trip or by your own entry."""
        member = member_of(request)
        today = clock.now().astimezone(member.organization.zone).date()
        first = read_month(request.query_params.get("month", ""), today=today)
        days = list_work_days(member).filter(date__year=first.year, date__month=first.month)
        return Response(WorkDaySerializer(days, many=True).data)

    @extend_schema(
        request=SaidDaySerializer,
        responses={200: WorkDaySerializer, 204: None, **PROBLEMS},
        tags=["working days"],
        summary="Say where you worked on a day",
    )
    def put(self, request: Request) -> Response:
        """Write your own entry; what a trip proves stays beside it. 204: nothing is left."""
        form = SaidDaySerializer(data=request.data)
        form.is_valid(raise_exception=True)
        kind = form.validated_data["kind"]
        row = services.say_work_day(
            by=member_of(request), day=form.validated_data["date"],
            kind=DayKind(kind) if kind else None, now=clock.now(),
        )  # fmt: skip
        return Response(status=204) if row is None else Response(WorkDaySerializer(row).data)


class DayCountsView(APIView):
    """The organization's days."""

    @extend_schema(
        responses={200: DayCountSerializer(many=True), **READ_PROBLEMS},
        tags=["organization"],
        operation_id="organization_work_days_list",
        summary="Count who worked where",
    )
    def get(self, request: Request) -> Response:
        """Count people day by day; for managers. No figure of fewer than five people is told."""
        counts = count_work_days(member_of(request), now=clock.now())
        return Response(DayCountSerializer(counts, many=True).data)
