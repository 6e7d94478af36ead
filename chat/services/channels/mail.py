"""News by e-mail: text and HTML, a calendar entry where there is one, and a way out in one click.

Source: RFC 8058 (one-click unsubscribe), RFC 5322 (the Message-ID stays the same when a message is
sent again), RFC 6047 (iTIP in mails).
"""

import smtplib
from collections.abc import Sequence
from email.utils import parseaddr
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Organization
from chat.models import Kind, Notification
from chat.selectors.calendar import write_invitation
from chat.selectors.links import absolute, unsubscribe_path
from chat.selectors.news_texts import NewsText, write_text
from chat.services.channels.parcel import Outcome, Parcel, Result


def send_mail(parcel: Parcel) -> Outcome:
    """Send a parcel's news to its member's address."""
    message = compose(parcel)
    try:
        message.send()
    except smtplib.SMTPRecipientsRefused as error:
        codes = [code for code, _text in error.recipients.values()]
        return _refused(max(codes, default=0))
    except smtplib.SMTPResponseException as error:
        return _refused(error.smtp_code)
    except OSError as error:  # smtplib's other errors are OSErrors too
        return Outcome(Result.LATER, type(error).__name__)
    return Outcome(Result.SENT)


def _refused(code: int) -> Outcome:
    """Read an SMTP status: 4xx may pass by itself, 5xx does not."""
    return Outcome(Result.REFUSED if 500 <= code < 600 else Result.LATER, f"SMTP {code}")


def compose(parcel: Parcel) -> EmailMultiAlternatives:
    """Write the mail."""
    items = [(item, write_text(item)) for item in parcel.notifications]
    is_digest = len(items) > 1
    only = None if is_digest else Kind(items[0][0].kind)
    leave = absolute(unsubscribe_path(parcel.member, only))
    context = {
        "member": parcel.member,
        "organization": parcel.member.organization,
        "logo_url": _logo_url(parcel.member.organization),
        "items": [_shown(text) for _item, text in items],
        "is_digest": is_digest,
        "kind_label": only.label if only else "",
        "leave_url": leave,
        "settings_url": absolute("/notifications/settings/"),
        "home_url": absolute("/"),
    }
    message = EmailMultiAlternatives(
        subject=_subject([text for _item, text in items]),
        body=render_to_string("notifications/mail/news.txt", context),
        to=[parcel.member.user.email],
        headers={
            "Message-ID": f"<{parcel.key}@{_domain()}>",
            "List-Unsubscribe": f"<{leave}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
            "Auto-Submitted": "auto-generated",
        },
    )
    message.attach_alternative(
        render_to_string("notifications/mail/news.html", context), "text/html"
    )
    if not is_digest:
        _invite(message, items[0][0])
    return message


def _logo_url(organization: Organization) -> str:
    if not organization.logo_version:
        return ""
    return absolute(reverse("accounts:logo", args=[organization.pk, organization.logo_version]))


def _shown(text: NewsText) -> dict[str, str]:
    return {"title": text.title, "body": text.body, "url": absolute(text.path)}


def _subject(texts: Sequence[NewsText]) -> str:
    if len(texts) == 1:
        return " ".join(texts[0].title.split())
    return ngettext("%(n)d thing happened", "%(n)d things happened", len(texts)) % {"n": len(texts)}


def _invite(message: EmailMultiAlternatives, notification: Notification) -> None:
    invitation = write_invitation(notification)
    if invitation is not None:
        message.attach_alternative(
            invitation.text, f"text/calendar; method={invitation.method}; charset=utf-8"
        )
        message.attach(_("trip") + ".ics", invitation.text, "application/ics")


def _domain() -> str:
    sender = parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
    return sender.rpartition("@")[2] or urlsplit(settings.PUBLIC_URL).hostname or "localhost"
