"""Endpoints about what the organization decided in numbers."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import selectors, services
from accounts.api.permissions import member_of
from accounts.models import RULES, Organization, PolicyChange, PolicyGroup, Rule
from carpool.kernel import clock
from carpool.kernel.api import PROBLEMS, READ_PROBLEMS


def _field(rule: Rule) -> serializers.Field[Any, Any, Any, Any]:
    options: dict[str, Any] = {
        "min_value": rule.least,
        "max_value": rule.most,
        "allow_null": True,
        "required": False,
        "help_text": f"{rule.label}. Null: the default",
    }
    if rule.places:
        return serializers.DecimalField(max_digits=12, decimal_places=rule.places, **options)
    return serializers.IntegerField(**options)


@extend_schema_serializer(
    examples=[OpenApiExample("Longer walks", value={"default_walk_m": 1000, "reason": "Summer"})]
)
class PolicyValuesSerializer(serializers.Serializer[Any]):
    """Rules by name, in seconds, metres, days, minor units. What is left out stays."""

    reason = serializers.CharField(max_length=280, required=False, allow_blank=True)

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """Make a field of each line of the table."""
        return {**{name: _field(rule) for name, rule in RULES.items()}, **super().get_fields()}

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        """Refuse names that are no rule, instead of ignoring them."""
        if isinstance(data, dict):
            unknown = sorted(set(map(str, data)) - RULES.keys() - {"reason"})
            if unknown:
                text = "There is no such rule."
                raise serializers.ValidationError({name: [text] for name in unknown})
        return dict(super().to_internal_value(data))


class PolicySerializer(serializers.Serializer[Any]):
    """One rule and what holds."""

    name = serializers.CharField(source="rule.name")
    group = serializers.ChoiceField(source="rule.group", choices=PolicyGroup.choices)
    title = serializers.CharField(source="rule.label")
    help = serializers.CharField(source="rule.help")
    value = serializers.SerializerMethodField("write_value", help_text="Decimals are strings")
    default = serializers.SerializerMethodField(
        "write_default", help_text="Null: what is usual elsewhere"
    )
    least = serializers.IntegerField(source="rule.least")
    most = serializers.IntegerField(source="rule.most")
    is_default = serializers.BooleanField()

    def write_value(self, decided: selectors.DecidedRule) -> str | int | None:
        """Return what holds."""
        written: str | int | None = decided.rule.write(decided.value)
        return written

    def write_default(self, decided: selectors.DecidedRule) -> str | int | None:
        """Return what holds where nobody decided."""
        written: str | int | None = decided.rule.write(decided.rule.default)
        return written


class PolicyChangeSerializer(serializers.ModelSerializer[PolicyChange]):
    """Who changed what, and why. Empty before or after: the default."""

    by = serializers.EmailField(source="by.email", allow_null=True, default=None)

    class Meta:
        model = PolicyChange
        fields = ("at", "by", "name", "before", "after", "reason")


def _shown(organization: Organization) -> Response:
    return Response(PolicySerializer(selectors.list_policies(organization), many=True).data)


class PoliciesView(APIView):
    """What the organization decided in numbers."""

    @extend_schema(
        responses={200: PolicySerializer(many=True), **READ_PROBLEMS},
        tags=["organization"],
        operation_id="organization_policies_list",
        summary="List your organization's rules",
    )
    def get(self, request: Request) -> Response:
        """List every rule with its bounds, its default and what holds."""
        return _shown(member_of(request).organization)

    @extend_schema(
        request=PolicyValuesSerializer,
        responses={200: PolicySerializer(many=True), **PROBLEMS},
        tags=["organization"],
        operation_id="organization_policies_update",
        summary="Change rules",
    )
    def patch(self, request: Request) -> Response:
        """Change some rules of one's organization, as its manager; null resets one."""
        member = member_of(request)
        selectors.require_manager(member)
        form = PolicyValuesSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        values = dict(form.validated_data)
        reason = values.pop("reason", "")
        return _shown(
            services.change_own_policies(by=member, values=values, reason=reason, now=clock.now())
        )


class PolicyChangesView(APIView):
    """The history of the rules."""

    @extend_schema(
        responses={200: PolicyChangeSerializer(many=True), **READ_PROBLEMS},
        tags=["organization"],
        operation_id="organization_policy_changes_list",
        summary="List who changed which rule",
    )
    def get(self, request: Request) -> Response:
        """List the newest hundred changes, for managers."""
        changes = selectors.list_policy_changes(member_of(request))
        return Response(PolicyChangeSerializer(changes, many=True).data)
