"""Endpoints of what happens in a shared taxi, from leaving it to its arrival."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.permissions import member_of
from carpool.kernel import clock
from carpool.kernel.api import PROBLEMS
from carpool.kernel.idempotency import KEY, idempotent
from payments.api.rooms import show_room
from payments.api.serializers_rooms import (
    CodeSerializer,
    EndSerializer,
    MemberIdSerializer,
    RoomSerializer,
    TaxiSerializer,
)
from rides import services as rides
from rides.errors import RoomNotFound

SHOWN: dict[Any, Any] = {200: RoomSerializer, **PROBLEMS}
GONE: dict[Any, Any] = {
    204: OpenApiResponse(description="Done; the room is not shared with you any more")
}


def _said(serializer: type[Any], request: Request) -> dict[str, Any]:
    form = serializer(data=request.data)
    form.is_valid(raise_exception=True)
    said: dict[str, Any] = form.validated_data
    return said


def _show(request: Request, room_id: UUID) -> Response:
    """Answer with the room, as long as the caller may still see it."""
    try:
        return show_room(request, room_id)
    except RoomNotFound:
        return Response(status=204)


class LeaveView(APIView):
    """Giving one's seat back."""

    @extend_schema(
        request=None,
        responses={**SHOWN, **GONE},
        parameters=[KEY],
        tags=["rooms"],
        summary="Give your seat back",
    )
    @idempotent
    def post(self, request: Request, room_id: UUID) -> Response:
        """Give one's seat back: free until the party is final, late until the taxi leaves."""
        rides.leave_room(room_id=room_id, by=member_of(request), now=clock.now())
        return _show(request, room_id)


class HostView(APIView):
    """Who the host asks to take over."""

    @extend_schema(
        request=MemberIdSerializer, responses=SHOWN, tags=["rooms"], summary="Ask somebody to host"
    )
    def put(self, request: Request, room_id: UUID) -> Response:
        """Ask somebody of the party to take over."""
        member_id = _said(MemberIdSerializer, request)["member"]
        by = member_of(request)
        rides.ask_to_host(room_id=room_id, by=by, member_id=member_id, now=clock.now())
        return show_room(request, room_id)


class TakeOverView(APIView):
    """Becoming the host."""

    @extend_schema(
        request=None, responses=SHOWN, parameters=[KEY], tags=["rooms"], summary="Become the host"
    )
    @idempotent
    def post(self, request: Request, room_id: UUID) -> Response:
        """Become the host, as asked; what one prepaid comes back."""
        rides.take_over(room_id=room_id, by=member_of(request), now=clock.now())
        return show_room(request, room_id)


class LockView(APIView):
    """Closing the party."""

    @extend_schema(request=None, responses=SHOWN, tags=["rooms"], summary="Close the party")
    def post(self, request: Request, room_id: UUID) -> Response:
        """Close the party before its time."""
        rides.lock_room(room_id=room_id, by=member_of(request), now=clock.now())
        return show_room(request, room_id)


class TaxiView(APIView):
    """The taxi."""

    @extend_schema(
        request=TaxiSerializer, responses=SHOWN, tags=["rooms"], summary="Say that it is called"
    )
    def put(self, request: Request, room_id: UUID) -> Response:
        """Record that the taxi is called, and by what the others know it."""
        said, by = _said(TaxiSerializer, request), member_of(request)
        rides.call_taxi(room_id=room_id, by=by, now=clock.now(), **said)
        return show_room(request, room_id)


class BoardView(APIView):
    """Getting in."""

    @extend_schema(
        request=CodeSerializer, responses=SHOWN, tags=["rooms"], summary="Let somebody in"
    )
    def post(self, request: Request, room_id: UUID) -> Response:
        """Let somebody in who says their boarding code."""
        code = _said(CodeSerializer, request)["code"]
        rides.board(room_id=room_id, by=member_of(request), code=code, now=clock.now())
        return show_room(request, room_id)


class AbsentView(APIView):
    """Not coming."""

    @extend_schema(request=None, responses=SHOWN, tags=["rooms"], summary="Mark a no-show")
    def post(self, request: Request, room_id: UUID, seat_id: UUID) -> Response:
        """Record that somebody has not come."""
        by = member_of(request)
        rides.mark_absent(room_id=room_id, seat_id=seat_id, by=by, now=clock.now())
        return show_room(request, room_id)


class DepartView(APIView):
    """Leaving together."""

    @extend_schema(request=None, responses=SHOWN, tags=["rooms"], summary="Leave")
    def post(self, request: Request, room_id: UUID) -> Response:
        """Record that the taxi left with whoever is aboard."""
        rides.depart(room_id=room_id, by=member_of(request), now=clock.now())
        return show_room(request, room_id)


class ArriveView(APIView):
    """Arriving."""

    @extend_schema(request=None, responses=SHOWN, tags=["rooms"], summary="Arrive")
    def post(self, request: Request, room_id: UUID) -> Response:
        """Record that the last one got out."""
        rides.arrive(room_id=room_id, by=member_of(request), now=clock.now())
        return show_room(request, room_id)


class CancelView(APIView):
    """Calling it off."""

    @extend_schema(
        request=EndSerializer,
        responses=SHOWN,
        parameters=[KEY],
        tags=["rooms"],
        summary="Cancel a room",
    )
    @idempotent
    def post(self, request: Request, room_id: UUID) -> Response:
        """Call the whole thing off: everybody gets all their money back."""
        reason, by = _said(EndSerializer, request)["reason"], member_of(request)
        rides.cancel_room(room_id=room_id, by=by, reason=reason, now=clock.now())
        return show_room(request, room_id)
