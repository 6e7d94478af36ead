"""Endpoints of conversations: all that the socket can, but for being told."""

from typing import Any
from uuid import UUID

from django.http import FileResponse
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import generics, pagination, status
from rest_framework.exceptions import ValidationError
from rest_framework.fields import IntegerField
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from accounts.api.permissions import member_of
from carpool.kernel import clock
from carpool.kernel.api import PROBLEMS, READ_PROBLEMS, Page, problems
from chat import selectors, services
from chat.api.conversation_serializers import (
    ConversationSerializer,
    MarkSerializer,
    MessageSerializer,
    MutedSerializer,
    OpenSerializer,
    PhotoUploadSerializer,
    SaySerializer,
    TalkSettingsSerializer,
)
from chat.models import MessageKind

AFTER = OpenApiParameter(
    "after", int, description="Only what was said after this number, oldest first, 100 at most"
)
MOST_NUMBER = 2**62


class TalkPage(Page):
    """Conversations, the latest first."""

    ordering = ("-last_message_at", "-id")


class MessagePage(Page):
    """Messages, the latest first."""

    ordering = ("-sequence", "-id")


def _said(serializer: type[Serializer[Any]], request: Request) -> dict[str, Any]:
    form = serializer(data=request.data)
    form.is_valid(raise_exception=True)
    said: dict[str, Any] = form.validated_data
    return said


def _show(request: Request, conversation_id: UUID, code: int = 200) -> Response:
    shown = selectors.view_conversation(member_of(request), conversation_id)
    return Response(ConversationSerializer(shown).data, status=code)


class ConversationsView(generics.ListAPIView[Any]):
    """One's conversations."""

    serializer_class = ConversationSerializer
    pagination_class: type[pagination.BasePagination] = TalkPage

    @extend_schema(
        operation_id="conversations_list",
        responses={200: ConversationSerializer(many=True), **READ_PROBLEMS},
        tags=["conversations"],
        summary="List your conversations",
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List the caller's conversations, the latest first."""
        member = member_of(request)
        rows = self.paginate_queryset(selectors.list_conversations(member)) or []
        shown = selectors.show_conversations(member, list(rows))
        form = ConversationSerializer(shown, many=True)  # type: ignore[arg-type]
        return self.get_paginated_response(form.data)

    @extend_schema(
        request=OpenSerializer,
        responses={200: ConversationSerializer, **PROBLEMS},
        tags=["conversations"],
        summary="Open the conversation about a ride or in a shared taxi",
    )
    def post(self, request: Request) -> Response:
        """Open it: with all aboard for who travels along, else to ask the driver, unnamed."""
        said, by, now = _said(OpenSerializer, request), member_of(request), clock.now()
        if "room" in said:
            talk = services.open_room_conversation(room_id=said["room"], by=by, now=now)
        else:
            talk = services.open_conversation(ride_id=said["ride"], by=by, now=now)
        return _show(request, talk.pk)


class ConversationView(APIView):
    """One conversation."""

    @extend_schema(
        responses={200: ConversationSerializer, **READ_PROBLEMS},
        tags=["conversations"],
        summary="Show a conversation",
    )
    def get(self, request: Request, conversation_id: UUID) -> Response:
        """Show a conversation to one of its people."""
        return _show(request, conversation_id)


class LeaveView(APIView):
    """Leaving a question."""

    @extend_schema(
        request=None,
        responses={204: None, **PROBLEMS},
        tags=["conversations"],
        summary="Leave a question",
    )
    def post(self, request: Request, conversation_id: UUID) -> Response:
        """Leave a question; a ride's conversation is left by giving the seat back."""
        services.leave_conversation(
            conversation_id=conversation_id, by=member_of(request), now=clock.now()
        )
        return Response(status=status.HTTP_204_NO_CONTENT)


class MessagesView(generics.ListAPIView[Any]):
    """What is said."""

    serializer_class = MessageSerializer
    pagination_class: type[pagination.BasePagination] = MessagePage

    @extend_schema(
        parameters=[AFTER],
        responses={200: MessageSerializer(many=True), **READ_PROBLEMS},
        tags=["conversations"],
        summary="List the messages of a conversation",
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List messages, the latest first; with ``after``, what one missed in its order."""
        place = selectors.get_participant(member_of(request), kwargs["conversation_id"])
        after = request.query_params.get("after")
        if after is not None:
            if not (after.isascii() and after.isdecimal()):
                raise ValidationError({"after": IntegerField.default_error_messages["invalid"]})
            missed = selectors.list_messages_after(place, min(int(after[:20]), MOST_NUMBER))
            return Response(
                {
                    "next": None,
                    "previous": None,
                    "results": MessageSerializer(missed, many=True).data,
                }
            )
        rows = self.paginate_queryset(selectors.list_messages(place)) or []
        return self.get_paginated_response(MessageSerializer(rows, many=True).data)

    @extend_schema(
        request=SaySerializer,
        responses={201: MessageSerializer, **PROBLEMS},
        tags=["conversations"],
        summary="Say something",
    )
    def post(self, request: Request, conversation_id: UUID) -> Response:
        """Say something; the same ``client_id`` again answers with the first copy."""
        member = member_of(request)
        draft = services.Draft(
            conversation_id=conversation_id, sender_id=member.pk, **_said(SaySerializer, request)
        )
        message = services.post_message(draft=draft, by=member, now=clock.now())
        return Response(MessageSerializer(message).data, status=status.HTTP_201_CREATED)


class PhotosView(APIView):
    """Sending photos."""

    parser_classes = (MultiPartParser,)

    @extend_schema(
        request={"multipart/form-data": PhotoUploadSerializer},
        responses={201: MessageSerializer, **PROBLEMS, **problems(413)},
        tags=["conversations"],
        summary="Send a photo",
    )
    def post(self, request: Request, conversation_id: UUID) -> Response:
        """Send a photo; it is drawn anew and loses where and when it was taken."""
        member, said = member_of(request), _said(PhotoUploadSerializer, request)
        selectors.get_participant(member, conversation_id)
        draft = services.Draft(
            conversation_id=conversation_id,
            sender_id=member.pk,
            client_id=said["client_id"],
            kind=MessageKind.PHOTO,
            photo=services.read_photo(said["photo"]),
        )
        message = services.post_message(draft=draft, by=member, now=clock.now())
        return Response(MessageSerializer(message).data, status=status.HTTP_201_CREATED)


class PhotoView(APIView):
    """A photo."""

    @extend_schema(
        responses={(200, "image/jpeg"): OpenApiTypes.BINARY, **READ_PROBLEMS},
        tags=["conversations"],
        summary="Show a photo",
    )
    def get(self, request: Request, conversation_id: UUID, photo_id: UUID) -> HttpResponseBase:
        """Return a photo's bytes to those it was sent to."""
        found = selectors.get_photo_for(member_of(request), conversation_id, photo_id)
        return FileResponse(found.image.open(), content_type="image/jpeg", filename="photo.jpg")


class MarksView(APIView):
    """How far one has got."""

    @extend_schema(
        request=MarkSerializer,
        responses={200: ConversationSerializer, **PROBLEMS},
        tags=["conversations"],
        summary="Say how far you have read",
    )
    def post(self, request: Request, conversation_id: UUID) -> Response:
        """Move one's markers forward."""
        member, said = member_of(request), _said(MarkSerializer, request)
        selectors.get_participant(member, conversation_id)
        mark = services.Mark(conversation_id, member.pk, **said)
        services.move_marks(marks=[mark], now=clock.now())
        return _show(request, conversation_id)


class MutedView(APIView):
    """Whether one wants news of a conversation."""

    @extend_schema(
        request=MutedSerializer,
        responses={200: ConversationSerializer, **PROBLEMS},
        tags=["conversations"],
        summary="Mute a conversation",
    )
    def put(self, request: Request, conversation_id: UUID) -> Response:
        """Get no news of what is said there, or get them again."""
        said = _said(MutedSerializer, request)
        services.mute_conversation(conversation_id=conversation_id, by=member_of(request), **said)
        return _show(request, conversation_id)


class TalkSettingsView(APIView):
    """How one wants to be talked to."""

    @extend_schema(
        responses={200: TalkSettingsSerializer, **READ_PROBLEMS},
        tags=["conversations"],
        summary="Show whether you take questions",
    )
    def get(self, request: Request) -> Response:
        """Show the settings."""
        answer = selectors.takes_questions(member_of(request))
        return Response({"takes_questions": answer})

    @extend_schema(
        request=TalkSettingsSerializer,
        responses={200: TalkSettingsSerializer, **PROBLEMS},
        tags=["conversations"],
        summary="Choose whether you take questions",
    )
    def put(self, request: Request) -> Response:
        """Change the settings."""
        said = _said(TalkSettingsSerializer, request)
        services.change_talk_settings(member=member_of(request), **said)
        return Response(said)
