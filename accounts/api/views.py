"""Endpoints about oneself."""

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import selectors, services
from accounts.api.permissions import member_of
from accounts.api.serializers import CarSerializer, MeSerializer, PlaceSerializer
from carpool.kernel import clock
from carpool.kernel.api import PROBLEMS, READ_PROBLEMS


class MeView(APIView):
    """Oneself."""

    @extend_schema(
        responses={200: MeSerializer, **READ_PROBLEMS}, tags=["me"], summary="Show who you are"
    )
    def get(self, request: Request) -> Response:
        """Show who is signed in, and their organization with its sites."""
        return Response(MeSerializer(member_of(request)).data)

    @extend_schema(
        request=MeSerializer,
        responses={200: MeSerializer, **PROBLEMS},
        tags=["me"],
        summary="Change your name, phone or language",
    )
    def patch(self, request: Request) -> Response:
        """Change name, phone or language."""
        member = member_of(request)
        form = MeSerializer(member, data=request.data, partial=True)
        form.is_valid(raise_exception=True)
        said = form.validated_data
        services.update_profile(
            member=member,
            display_name=said.get("display_name", member.display_name),
            phone=said.get("phone", member.phone),
            language=said.get("language", member.language),
        )
        return Response(MeSerializer(member).data)


class CarsView(APIView):
    """One's own cars."""

    @extend_schema(
        responses={200: CarSerializer(many=True), **READ_PROBLEMS},
        tags=["me"],
        operation_id="me_cars_list",
        summary="List your cars",
    )
    def get(self, request: Request) -> Response:
        """List one's cars."""
        return Response(CarSerializer(selectors.list_cars(member_of(request)), many=True).data)

    @extend_schema(
        request=CarSerializer,
        responses={201: CarSerializer, **PROBLEMS},
        tags=["me"],
        summary="Add a car",
    )
    def post(self, request: Request) -> Response:
        """Add a car."""
        form = CarSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        car = services.save_car(member=member_of(request), **form.validated_data)
        return Response(CarSerializer(car).data, status=status.HTTP_201_CREATED)


class CarView(APIView):
    """One of one's own cars."""

    @extend_schema(responses={204: None, **READ_PROBLEMS}, tags=["me"], summary="Remove a car")
    def delete(self, request: Request, car_id: UUID) -> Response:
        """Retire the car."""
        car = selectors.get_car_for(member_of(request), car_id)
        services.remove_car(car=car, now=clock.now())
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(
        request=CarSerializer,
        responses={200: CarSerializer, **PROBLEMS},
        tags=["me"],
        summary="Change a car",
    )
    def patch(self, request: Request, car_id: UUID) -> Response:
        """Change the car."""
        member = member_of(request)
        car = selectors.get_car_for(member, car_id)
        form = CarSerializer(car, data=request.data, partial=True)
        form.is_valid(raise_exception=True)
        merged = {**CarSerializer(car).data, **form.validated_data}
        merged.pop("id")
        return Response(CarSerializer(services.save_car(member=member, car=car, **merged)).data)


class PlacesView(APIView):
    """One's own places."""

    @extend_schema(
        responses={200: PlaceSerializer(many=True), **READ_PROBLEMS},
        tags=["me"],
        operation_id="me_places_list",
        summary="List your places",
    )
    def get(self, request: Request) -> Response:
        """List one's places."""
        return Response(PlaceSerializer(selectors.list_places(member_of(request)), many=True).data)

    @extend_schema(
        request=PlaceSerializer,
        responses={201: PlaceSerializer, **PROBLEMS},
        tags=["me"],
        summary="Save a place",
    )
    def post(self, request: Request) -> Response:
        """Save home, work (these two replace the one before) or another place."""
        form = PlaceSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        place = services.save_place(member=member_of(request), **form.validated_data)
        return Response(PlaceSerializer(place).data, status=status.HTTP_201_CREATED)


class PlaceView(APIView):
    """One of one's own places."""

    @extend_schema(responses={204: None, **READ_PROBLEMS}, tags=["me"], summary="Forget a place")
    def delete(self, request: Request, place_id: UUID) -> Response:
        """Forget the place."""
        services.remove_place(place=selectors.get_place_for(member_of(request), place_id))
        return Response(status=status.HTTP_204_NO_CONTENT)
