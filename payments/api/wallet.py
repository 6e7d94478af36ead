"""Endpoints of the wallet: one's own, and nobody else's."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import generics
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.permissions import member_of
from carpool.kernel.api import READ_PROBLEMS
from payments.api.serializers_wallet import (
    MovementSerializer,
    StatementSerializer,
    WalletSerializer,
)
from payments.selectors.statements import list_months, read_month, statement_of
from payments.selectors.wallet import Own, list_asked, list_kept, purses_of, read_movements

TAGS = ["wallet"]


class WalletView(APIView):
    """The figures."""

    @extend_schema(
        responses={200: WalletSerializer, **READ_PROBLEMS},
        tags=TAGS,
        summary="Show what is yours",
    )
    def get(self, request: Request) -> Response:
        """Show what is kept, owed, on its way back, and owing."""
        own = Own(member_of(request))
        wallet = {
            "purses": purses_of(own),
            "kept": list_kept(own),
            "asked": list_asked(own),
            "months": [f"{month:%Y-%m}" for month in list_months(own)],
        }
        return Response(WalletSerializer(wallet).data)


class MovementsView(generics.GenericAPIView[Any]):
    """The history."""

    serializer_class = MovementSerializer

    @extend_schema(
        responses={200: MovementSerializer(many=True), **READ_PROBLEMS},
        tags=TAGS,
        operation_id="wallet_movements_list",
        summary="List every movement of your money",
        description="Newest first. A page holds whole journals, of which some have several "
        "movements; so it may be longer than `page_size`.",
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List movements, each in words; changes and balances add up across pages."""
        own = Own(member_of(request))
        journals = self.paginate_queryset(own.journals) or []
        movements = read_movements(own, journals)
        return self.get_paginated_response(self.get_serializer(movements, many=True).data)


class MonthView(APIView):
    """A month."""

    @extend_schema(
        responses={200: StatementSerializer, **READ_PROBLEMS},
        tags=TAGS,
        summary="Show a month's statement",
    )
    def get(self, request: Request, month: str) -> Response:
        """Show what was there, what moved, what was left; as in 2026-11."""
        statement = statement_of(Own(member_of(request)), read_month(month))
        return Response(StatementSerializer(statement).data)
