"""What members enter about positions: parsed here, decided in services."""

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import ConsentPurpose
from tracking.models import DayKind


class SharingForm(forms.Form):
    """For what a member's positions may be used."""

    purpose = forms.MultipleChoiceField(choices=ConsentPurpose.choices, required=False)


class AppealForm(forms.Form):
    """Why a verdict is wrong."""

    reason = forms.CharField(label=_("What is wrong?"), max_length=1_000)


class WorkDayForm(forms.Form):
    """Where somebody worked on a day; nothing chosen takes the own entry back."""

    date = forms.DateField()
    kind = forms.TypedChoiceField(
        choices=[("", ""), *DayKind.choices], required=False, coerce=DayKind, empty_value=None
    )
