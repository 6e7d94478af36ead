"""Endpoints of looking for a shared taxi; joining one is a matter of money, so not here."""

from datetime import timedelta

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.permissions import member_of
from carpool.kernel import clock
from carpool.kernel.api import PROBLEMS, READ_PROBLEMS
from matching import selectors
from matching.api.room_serializers import (
    BoardQuerySerializer,
    BoardSerializer,
    RoomSearchResultSerializer,
    RoomSearchSerializer,
)


class RoomSearchView(APIView):
    """Searching."""

    @extend_schema(
        request=RoomSearchSerializer,
        responses={200: RoomSearchResultSerializer, **PROBLEMS},
        tags=["rooms"],
        summary="Find rooms for a way",
    )
    def post(self, request: Request) -> Response:
        """Find the shared taxis that one could join, with where to get out. Nothing is stored."""
        member, now = member_of(request), clock.now()
        form = RoomSearchSerializer(data=request.data, context={"member": member, "now": now})
        form.is_valid(raise_exception=True)
        rooms = selectors.find_rooms(member, form.to_query(), now=now)
        return Response(RoomSearchResultSerializer({"rooms": rooms}).data)


class BoardView(APIView):
    """The slot board."""

    @extend_schema(
        parameters=[BoardQuerySerializer],
        responses={200: BoardSerializer, **READ_PROBLEMS},
        tags=["rooms"],
        summary="Show the slot board",
    )
    def get(self, request: Request) -> Response:
        """Show the 10-minute slots of a part of a day, and how many rooms leave in each."""
        member, now = member_of(request), clock.now()
        form = BoardQuerySerializer(data=request.query_params.dict())
        form.is_valid(raise_exception=True)
        said, today = form.validated_data, now.astimezone(member.organization.zone).date()
        soonest = selectors.first_open_slot(member, now=now)
        day = said.get("day") or soonest.astimezone(member.organization.zone).date()
        last = today + timedelta(days=member.organization.policy.room_opens_days)
        day = min(max(day, today), last)
        part = said.get("part") or selectors.usual_part(member, day, now=now)
        board = selectors.get_board(member, day, selectors.DayPart(part), now=now)
        return Response(BoardSerializer(board).data)
