"""Endpoints of two half-empty taxis that could be one; for their hosts."""

from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.permissions import member_of
from carpool.kernel import clock
from carpool.kernel.api import PROBLEMS, READ_PROBLEMS
from carpool.kernel.idempotency import KEY, idempotent
from payments import selectors, services
from payments.api.serializers_mergers import (
    AnsweredMergerSerializer,
    MergerAnswerSerializer,
    ProposedMergerSerializer,
)
from payments.models import Payment
from payments.selectors import ProposedMerger
from rides.errors import MergerNotFound
from rides.selectors import get_merger, get_room_for


def _proposed(request: Request, room_id: UUID) -> ProposedMerger:
    member = member_of(request)
    room = get_room_for(member, room_id)
    found = selectors.merger_for(member, room, now=clock.now())
    if found is None:
        raise MergerNotFound
    return found


class MergerView(APIView):
    """Becoming one with another taxi."""

    @extend_schema(
        responses={200: ProposedMergerSerializer, **READ_PROBLEMS},
        tags=["rooms"],
        summary="Show the taxi that is proposed to yours",
    )
    def get(self, request: Request, room_id: UUID) -> Response:
        """Show the host which other half-empty taxi theirs could become one with, and its price."""
        return Response(ProposedMergerSerializer(_proposed(request, room_id)).data)

    @extend_schema(
        request=MergerAnswerSerializer,
        responses={200: AnsweredMergerSerializer, **PROBLEMS},
        parameters=[KEY],
        tags=["rooms"],
        summary="Say whether the two become one",
    )
    def post(self, request: Request, room_id: UUID) -> Response:
        """Say yes or no. The host who becomes a rider pays with their yes, see ``pay_at``."""
        kept = self._record(request, room_id)
        payment = Payment.objects.filter(pk=kept.data["payment"]).first()
        shown = {"merger": get_merger(UUID(kept.data["merger"])), "payment": payment}
        kept.data = AnsweredMergerSerializer(shown).data
        return kept

    @idempotent
    def _record(self, request: Request, room_id: UUID) -> Response:
        """Keep the answer; once that is certain, and outside of the transaction, ask for money."""
        merger, now = _proposed(request, room_id).merger, clock.now()
        form = MergerAnswerSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        said: dict[str, Any] = form.validated_data
        payment = services.record_merger_answer(
            merger_id=merger.pk, by=member_of(request), now=now, **said
        )
        if payment is not None:
            transaction.on_commit(partial(services.pay_for_merger, payment_id=payment.pk, now=now))
        return Response({"merger": str(merger.pk), "payment": payment and str(payment.pk)})
