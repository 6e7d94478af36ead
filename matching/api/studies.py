"""Endpoints of launch studies; for mobility managers only."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import generics, status
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.permissions import member_of
from carpool.kernel import clock
from carpool.kernel.api import PROBLEMS, READ_PROBLEMS, problems
from matching.api.study_serializers import (
    StudyInListSerializer,
    StudySerializer,
    StudyUploadSerializer,
)
from matching.selectors.studies import get_study_for, list_studies
from matching.services.studies import MOST_BYTES, create_study, delete_study


class StudiesView(generics.ListAPIView[Any]):
    """The organization's studies."""

    serializer_class = StudyInListSerializer

    parser_classes = (MultiPartParser,)

    def get_queryset(self) -> Any:
        """List the studies of the caller's organization."""
        return list_studies(member_of(self.request))

    @extend_schema(
        responses={200: StudyInListSerializer(many=True), **READ_PROBLEMS},
        tags=["studies"],
        operation_id="studies_list",
        summary="List launch studies",
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List the studies of your organization, newest first, without their figures."""
        return self.list(request, *args, **kwargs)

    @extend_schema(
        request={"multipart/form-data": StudyUploadSerializer},
        responses={201: StudySerializer, **PROBLEMS, **problems(415)},
        tags=["studies"],
        summary="Study a table of commutes",
    )
    def post(self, request: Request) -> Response:
        """Upload a CSV file, one row for each person, and have it studied.

        Rows that can't be read are left out and listed in ``problems``. If fewer than five remain,
        the errors name them by line and column, as in ``file.12.arrive``. The rows are deleted as
        soon as they are computed.
        """
        list_studies(member_of(request))  # whoever may not, need not send a right table
        form = StudyUploadSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        sent = form.validated_data
        study = create_study(
            by=member_of(request),
            name=sent["name"],
            content=sent["file"].read(MOST_BYTES + 1),
            workdays=sent["workdays"],
            now=clock.now(),
        )
        shown = get_study_for(member_of(request), study.pk)
        return Response(StudySerializer(shown).data, status=status.HTTP_201_CREATED)


class StudyView(APIView):
    """One study."""

    @extend_schema(
        responses={200: StudySerializer, **problems(401, 403, 404, 429)},
        tags=["studies"],
        summary="Show a launch study",
    )
    def get(self, request: Request, study_id: UUID) -> Response:
        """Show how far a study is and, once it is done, its figures: none is about one person."""
        return Response(StudySerializer(get_study_for(member_of(request), study_id)).data)

    @extend_schema(
        responses={204: None, **problems(401, 403, 404, 409, 429)},
        tags=["studies"],
        summary="Delete a launch study",
    )
    def delete(self, request: Request, study_id: UUID) -> Response:
        """Delete a study, its figures, and its rows if they wait for another try."""
        delete_study(by=member_of(request), study_id=study_id)
        return Response(status=status.HTTP_204_NO_CONTENT)
