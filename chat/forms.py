"""What a member enters about how they want to be told."""

import zoneinfo
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import Member
from carpool.kernel.forms import time_input
from chat.models import Channel, Digest, Kind, NotificationSettings
from chat.services.preferences import Times


class TimesForm(forms.Form):
    """When news may come."""

    quiet_from = forms.TimeField(label=_("Quiet from"), required=False, widget=time_input())
    quiet_until = forms.TimeField(label=_("Quiet until"), required=False, widget=time_input())
    time_zone = forms.ChoiceField(label=_("Time zone"), required=False)
    digest = forms.ChoiceField(
        label=_("Gather mails into one a day"),
        choices=Digest.choices,
        widget=forms.RadioSelect,
    )
    digest_at = forms.TimeField(label=_("Sent at"), widget=time_input())

    def __init__(self, member: Member, own: NotificationSettings, data: Any = None) -> None:
        names = ("quiet_from", "quiet_until", "time_zone", "digest", "digest_at")
        super().__init__(data, initial={name: getattr(own, name) for name in names})
        zones = sorted(zoneinfo.available_timezones())
        at_work = _("As at work (%(zone)s)") % {"zone": member.organization.time_zone}
        field = self.fields["time_zone"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", at_work), *((zone, zone) for zone in zones)]
        field.widget.attrs["class"] = "select"

    def to_times(self) -> Times:
        """Return the cleaned values."""
        said = self.cleaned_data
        return Times(
            time_zone=said["time_zone"],
            quiet_from=said["quiet_from"],
            quiet_until=said["quiet_until"],
            digest=Digest(said["digest"]),
            digest_at=said["digest_at"],
        )


class MatrixForm(forms.Form):
    """The matrix as check boxes named ``<kind>:<channel>``; one that is not sent is off."""

    def __init__(self, channels: list[Channel], data: Any) -> None:
        super().__init__(data)
        self.channels = channels
        for kind in Kind:
            for channel in channels:
                self.fields[f"{kind}:{channel}"] = forms.BooleanField(required=False)

    def to_cells(self) -> dict[tuple[Kind, Channel], bool]:
        """Return every cell that was shown."""
        return {
            (kind, channel): bool(self.cleaned_data[f"{kind}:{channel}"])
            for kind in Kind
            for channel in self.channels
        }
