"""Pages of conversations. They work without scripts; with them, they are alive."""

import uuid
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages as notes
from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from carpool.kernel import clock
from carpool.kernel.errors import DomainError, NotFound
from carpool.kernel.web import MemberRequest, member_required
from chat import selectors, services
from chat.models import Message, MessageKind
from chat.services import QuickReply

MESSAGES_SHOWN = 60
CONVERSATIONS_SHOWN = 50


@never_cache
@member_required
@require_safe
def conversations(request: MemberRequest) -> HttpResponse:
    """List whom one talks with, the latest first."""
    rows = list(selectors.list_conversations(request.member)[:CONVERSATIONS_SHOWN])
    shown = selectors.show_conversations(request.member, rows)
    context = {
        "conversations": [_with_line(entry) for entry in shown],
        "takes_questions": selectors.takes_questions(request.member),
    }
    is_fragment = request.GET.get("fragment") == "conversations"
    page = "chat/_conversations.html" if is_fragment else "chat/conversations.html"
    return render(request, page, context)


def _with_line(entry: selectors.ConversationShown) -> dict[str, Any]:
    message = entry.last_message
    line = _entry(message, entry) if message else None
    return {"conversation": entry, "line": line}


@never_cache
@member_required
@require_http_methods(["GET", "HEAD", "POST"])
def conversation(request: MemberRequest, conversation_id: UUID) -> HttpResponse:
    """Show a conversation; POST says something, for those without scripts."""
    if request.method == "POST":
        _say(request, conversation_id)
        return redirect("chat:conversation", conversation_id)
    shown = selectors.view_conversation(request.member, conversation_id)
    before = request.GET.get("before", "")
    rows = selectors.list_messages(shown.me)
    if before.isdecimal() and len(before) < 18:
        rows = rows.filter(sequence__lt=int(before))
    page = list(rows[: MESSAGES_SHOWN + 1])
    has_earlier, page = len(page) > MESSAGES_SHOWN, page[:MESSAGES_SHOWN]
    is_fragment = request.GET.get("fragment") == "log"
    if page and not before:
        last = page[0].sequence
        mark = services.Mark(shown.id, request.member.pk, read=last)
        services.move_marks(marks=[mark], now=clock.now())
    context = {
        "shown": shown,
        "entries": [_entry(message, shown) for message in reversed(page)],
        "has_earlier": has_earlier,
        "first": page[-1].sequence if page else 0,
        "is_open": clock.now() < shown.conversation.closes_at,
        "quick_replies": QuickReply.choices,
        "client_id": uuid.uuid4(),
    }
    return render(request, "chat/_log.html" if is_fragment else "chat/conversation.html", context)


def _entry(message: Message, shown: selectors.ConversationShown) -> dict[str, Any]:
    """Return what the templates need to know of a message."""
    people = {person.id: person for person in shown.people}
    about = people.get(message.sender_id) if message.sender_id else None
    told = message.data.get("participant")
    subject = next((p for p in shown.people if str(p.id) == told), None)
    others = [person for person in shown.people if not person.is_me and person.is_present]
    return {
        "message": message,
        "sender": about,
        "subject": subject,
        "text": QuickReply(message.code).label if message.kind == MessageKind.QUICK else "",
        "after": datetime.fromisoformat(message.data["after"]) if "after" in message.data else None,
        "is_read": bool(others) and all(p.read_sequence >= message.sequence for p in others),
        "is_received": bool(others)
        and all(p.received_sequence >= message.sequence for p in others),
    }


def _say(request: MemberRequest, conversation_id: UUID) -> None:
    photo = request.FILES.get("photo")
    code = request.POST.get("code", "")
    kind = MessageKind.QUICK if code else MessageKind.PHOTO if photo else MessageKind.TEXT
    try:
        client_id = UUID(request.POST.get("client_id", ""))
    except ValueError:
        client_id = uuid.uuid4()
    try:
        drawn = services.read_photo(photo) if kind == MessageKind.PHOTO and photo else None
        draft = services.Draft(
            conversation_id=conversation_id,
            sender_id=request.member.pk,
            client_id=client_id,
            kind=kind,
            text=request.POST.get("text", ""),
            code=code,
            language=get_language() or "",
            photo=drawn,
        )
        services.post_message(draft=draft, by=request.member, now=clock.now())
    except NotFound:
        raise
    except DomainError as error:
        notes.error(request, error.detail)


@member_required
@require_POST
def open_conversation(request: MemberRequest, ride_id: UUID) -> HttpResponse:
    """Go to the conversation about a ride, opening it when there is none yet."""
    try:
        talk = services.open_conversation(ride_id=ride_id, by=request.member, now=clock.now())
    except NotFound:
        raise
    except DomainError as error:
        notes.error(request, error.detail)
        return redirect("rides:ride", ride_id)
    return redirect("chat:conversation", talk.pk)


@member_required
@require_POST
def open_room_conversation(request: MemberRequest, room_id: UUID) -> HttpResponse:
    """Go to the conversation of a shared taxi, opening it when there is none yet."""
    talk = services.open_room_conversation(room_id=room_id, by=request.member, now=clock.now())
    return redirect("chat:conversation", talk.pk)


@member_required
@require_POST
def leave(request: MemberRequest, conversation_id: UUID) -> HttpResponse:
    """Leave a question."""
    services.leave_conversation(conversation_id=conversation_id, by=request.member, now=clock.now())
    notes.success(request, _("You have left the conversation."))
    return redirect("chat:conversations")


@member_required
@require_POST
def mute(request: MemberRequest, conversation_id: UUID) -> HttpResponse:
    """Want no news of a conversation, or want them again."""
    is_muted = request.POST.get("muted") == "yes"
    services.mute_conversation(
        conversation_id=conversation_id, by=request.member, is_muted=is_muted
    )
    done = _("You get no news of this conversation.") if is_muted else _("You get news again.")
    notes.success(request, done)
    return redirect("chat:conversation", conversation_id)


@member_required
@require_POST
def change_settings(request: MemberRequest) -> HttpResponse:
    """Store whether colleagues may ask."""
    services.change_talk_settings(
        member=request.member, takes_questions="takes_questions" in request.POST
    )
    notes.success(request, _("Saved."))
    return redirect("chat:conversations")


@cache_control(private=True, max_age=3600)
@member_required
@require_safe
def photo(request: HttpRequest, conversation_id: UUID, photo_id: UUID) -> HttpResponseBase:
    """Show a photo to those it was sent to; who asks is looked up each time."""
    member = request.member  # type: ignore[attr-defined]
    found = selectors.get_photo_for(member, conversation_id, photo_id)
    answer = FileResponse(found.image.open(), content_type="image/jpeg", filename="photo.jpg")
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return answer
