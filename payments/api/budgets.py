"""Endpoints about what an organization pays of its people's fares, for those who steer it."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_serializer
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.permissions import member_of
from accounts.models import Member
from accounts.selectors import require_manager
from carpool.kernel import clock
from carpool.kernel.api import PROBLEMS, READ_PROBLEMS
from carpool.kernel.strict import StrictSerializer
from payments import services
from payments.models import BudgetFor, SponsorBudget, SponsorDeposit
from payments.selectors.budgets import (
    BudgetState,
    find_chosen,
    get_budget,
    list_budget_months,
    list_budgets,
    list_deposits,
)
from payments.services.sponsors import RULES


class _RuleFields(StrictSerializer):
    name = serializers.CharField(max_length=80)
    percent = serializers.IntegerField(
        min_value=1, max_value=100, help_text="Share of each price, percent"
    )
    most_per_trip = serializers.IntegerField(
        min_value=1, allow_null=True, default=None, help_text="Minor units"
    )
    most_per_month = serializers.IntegerField(
        min_value=0, allow_null=True, default=None, help_text="For a person, in minor units"
    )
    pays_rooms = serializers.BooleanField(default=True, help_text="Seats in shared taxis")
    pays_rides = serializers.BooleanField(default=False, help_text="Seats in planned rides")
    given_to = serializers.ChoiceField(choices=BudgetFor.choices, default=BudgetFor.ALL)
    first_day = serializers.DateField()
    last_day = serializers.DateField(allow_null=True, default=None)


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "Half of every seat",
            request_only=True,
            value={
                "name": "Our share",
                "percent": 50,
                "most_per_trip": 3000,
                "most_per_month": None,
                "pays_rooms": True,
                "pays_rides": True,
                "given_to": "all",
                "sites": [],
                "people": [],
                "first_day": "2027-01-01",
                "last_day": None,
            },
        )
    ]
)
class BudgetRulesSerializer(_RuleFields):
    """What a budget pays, of what, and for whom."""

    sites = serializers.ListField(
        child=serializers.UUIDField(), default=list, max_length=500,
        help_text="With `sites`: it pays for trips from or to these",
    )  # fmt: skip
    people = serializers.ListField(
        child=serializers.UUIDField(), default=list, max_length=10_000,
        help_text="With `people`: whom it pays for, at least five",
    )  # fmt: skip


class BudgetMonthSerializer(serializers.Serializer[Any]):
    """What a budget paid in a month."""

    month = serializers.DateTimeField(help_text="Its beginning, local")
    paid = serializers.IntegerField()
    back = serializers.IntegerField()
    people = serializers.IntegerField(allow_null=True, help_text="Null: fewer than five")


class DepositSerializer(serializers.ModelSerializer[SponsorDeposit]):
    """Money that has come in."""

    class Meta:
        model = SponsorDeposit
        fields = ("reference", "amount", "at")


class BudgetSerializer(serializers.Serializer[Any]):
    """A budget and its money: ``came - paid + back + moved == left``."""

    id = serializers.UUIDField(source="budget.pk")
    name = serializers.CharField(source="budget.name")
    percent = serializers.IntegerField(source="budget.percent")
    most_per_trip = serializers.IntegerField(source="budget.most_per_trip", allow_null=True)
    most_per_month = serializers.IntegerField(source="budget.most_per_month", allow_null=True)
    pays_rooms = serializers.BooleanField(source="budget.pays_rooms")
    pays_rides = serializers.BooleanField(source="budget.pays_rides")
    given_to = serializers.ChoiceField(choices=BudgetFor.choices, source="budget.given_to")
    sites = serializers.SerializerMethodField()
    people_count = serializers.IntegerField(source="budget.people_count")
    first_day = serializers.DateField(source="budget.first_day")
    last_day = serializers.DateField(source="budget.last_day", allow_null=True)
    state = serializers.ChoiceField(choices=BudgetState.choices)
    currency = serializers.CharField(source="budget.organization.currency")
    came = serializers.IntegerField(help_text="Minor units, as all amounts")
    paid = serializers.IntegerField()
    back = serializers.IntegerField()
    moved = serializers.IntegerField(help_text="Corrected by operators")
    left = serializers.IntegerField()
    code = serializers.CharField(help_text="The reference of a transfer for it")

    def get_sites(self, view: Any) -> list[UUID]:
        """Name the sites from or to which it pays trips."""
        return [site.pk for site in view.budget.sites.all()]


class BudgetDetailSerializer(BudgetSerializer):
    """The same with whom it names, and what it paid month by month."""

    people = serializers.SerializerMethodField()
    months = serializers.SerializerMethodField()
    deposits = serializers.SerializerMethodField()

    def get_people(self, view: Any) -> list[UUID]:
        """Name the people it is for."""
        return list(view.budget.people.order_by("pk").values_list("pk", flat=True))

    def get_months(self, view: Any) -> Any:
        """Show what it paid."""
        return BudgetMonthSerializer(list_budget_months(view.budget), many=True).data

    def get_deposits(self, view: Any) -> Any:
        """Show what came in."""
        return DepositSerializer(list_deposits(view.budget), many=True).data


def _show(member: Member, budget_id: UUID) -> Response:
    views = list_budgets(member, now=clock.now())
    view = next(one for one in views if one.budget.pk == budget_id)
    return Response(BudgetDetailSerializer(view).data)


def _save(member: Member, budget: SponsorBudget, said: dict[str, Any]) -> None:
    """Write what was said into a budget, and save it."""
    for name in RULES:
        if name in said:
            setattr(budget, name, said[name])
    chosen = None
    if said.keys() & {"sites", "people", "given_to"}:
        chosen = find_chosen(budget, said.get("sites"), said.get("people"))
    services.save_budget(by=member, budget=budget, chosen=chosen)


class BudgetsView(APIView):
    """The organization's budgets."""

    @extend_schema(
        responses={200: BudgetSerializer(many=True), **READ_PROBLEMS},
        tags=["organization"],
        operation_id="organization_budgets_list",
        summary="List what your organization pays of fares",
    )
    def get(self, request: Request) -> Response:
        """List all budgets with their money, the one that is open first; for managers."""
        views = list_budgets(member_of(request), now=clock.now())
        return Response(BudgetSerializer(views, many=True).data)

    @extend_schema(
        request=BudgetRulesSerializer,
        responses={201: BudgetDetailSerializer, **PROBLEMS},
        tags=["organization"],
        summary="Add a budget",
    )
    def post(self, request: Request) -> Response:
        """Decide the rules of a new budget; it pays once it is opened and money has come in."""
        member = member_of(request)
        require_manager(member)
        form = BudgetRulesSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        budget = SponsorBudget(organization=member.organization)
        _save(member, budget, form.validated_data)
        answer = _show(member, budget.pk)
        answer.status_code = status.HTTP_201_CREATED
        return answer


class BudgetView(APIView):
    """One budget."""

    @extend_schema(
        responses={200: BudgetDetailSerializer, **READ_PROBLEMS},
        tags=["organization"],
        summary="Look at a budget",
    )
    def get(self, request: Request, budget_id: UUID) -> Response:
        """Show its rules, whom it names, and what it paid month by month."""
        member = member_of(request)
        return _show(member, get_budget(member, budget_id).pk)

    @extend_schema(
        request=BudgetRulesSerializer,
        responses={200: BudgetDetailSerializer, **PROBLEMS},
        tags=["organization"],
        summary="Change a budget",
    )
    def patch(self, request: Request, budget_id: UUID) -> Response:
        """Change what is sent, for seats taken from now on; the rest stays."""
        member = member_of(request)
        budget = get_budget(member, budget_id)
        form = BudgetRulesSerializer(data=request.data, partial=True)
        form.is_valid(raise_exception=True)
        _save(member, budget, form.validated_data)
        return _show(member, budget.pk)


class _SwitchView(APIView):
    is_on: bool

    def _switch(self, request: Request, budget_id: UUID) -> Response:
        member = member_of(request)
        services.switch_budget(by=member, budget_id=budget_id, is_on=self.is_on)
        return _show(member, budget_id)


class OpenBudgetView(_SwitchView):
    """Opening a budget."""

    is_on = True

    @extend_schema(
        request=None,
        responses={200: BudgetDetailSerializer, **PROBLEMS},
        tags=["organization"],
        summary="Open a budget",
    )
    def post(self, request: Request, budget_id: UUID) -> Response:
        """Let it pay from now on; one budget is open at a time."""
        return self._switch(request, budget_id)


class CloseBudgetView(_SwitchView):
    """Closing a budget."""

    is_on = False

    @extend_schema(
        request=None,
        responses={200: BudgetDetailSerializer, **PROBLEMS},
        tags=["organization"],
        summary="Close a budget",
    )
    def post(self, request: Request, budget_id: UUID) -> Response:
        """Let it pay for no more seats; what it paid for stays paid."""
        return self._switch(request, budget_id)
