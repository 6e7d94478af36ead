"""What people say about rides: codes, reasons, reports, answers and ratings."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import ReportReason
from rides.models import LONGEST_COMMENT, CancelCode
from rides.models.reliability import LEAST_STARS, MOST_STARS
from rides.services import Stars


class CodeForm(forms.Form):
    """A code that somebody reads out: a driver's at the kerb, or a rider's who gets in."""

    code = forms.CharField(max_length=32)


class ReasonForm(forms.Form):
    """Why something is cancelled: the other side reads ``reason``; ``code`` is only counted."""

    reason = forms.CharField(required=False, max_length=280)
    code = forms.ChoiceField(required=False, choices=CancelCode.choices)


class ReportForm(forms.Form):
    """What somebody complains of; moderators read it, nobody else."""

    reason = forms.ChoiceField(
        label=_("What is it about?"), choices=ReportReason.choices, widget=forms.RadioSelect
    )
    text = forms.CharField(
        label=_("What happened"),
        required=False,
        max_length=1_000,
        widget=forms.Textarea(attrs={"class": "textarea", "rows": 4}),
    )


class FellowForm(forms.Form):
    """Whom somebody means: who made a booking, or, without one, the driver."""

    booking = forms.UUIDField(required=False)


class AnswerForm(forms.Form):
    """Whether a ride took place."""

    answer = forms.TypedChoiceField(
        choices=[("yes", _("Yes")), ("no", _("No"))], coerce=lambda value: value == "yes"
    )


class StopForm(forms.Form):
    """Which stop the car reached."""

    stop = forms.IntegerField()


def _stars(label: Any, *, required: bool = False) -> forms.TypedChoiceField:
    return forms.TypedChoiceField(
        label=label,
        choices=[(n, str(n)) for n in range(LEAST_STARS, MOST_STARS + 1)],
        coerce=int,
        empty_value=None,
        required=required,
        widget=forms.RadioSelect,
    )


class RatingForm(forms.Form):
    """How somebody rates the other person of a ride; riders are not rated for driving."""

    overall = _stars(_("In all"), required=True)
    punctuality = _stars(_("Punctuality"))
    friendliness = _stars(_("Friendliness"))
    driving = _stars(_("Driving and car"))
    comment = forms.CharField(
        label=_("In your words"),
        required=False,
        max_length=LONGEST_COMMENT,
        widget=forms.Textarea(attrs={"class": "textarea", "rows": 3}),
    )

    def __init__(self, rates_driver: bool, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not rates_driver:
            del self.fields["driving"]

    def to_stars(self) -> Stars:
        """Return the validated stars."""
        return Stars(**{k: v for k, v in self.cleaned_data.items() if k != "comment"})


class ObjectionForm(forms.Form):
    """What is wrong about a fact."""

    text = forms.CharField(
        label=_("What is wrong about it?"),
        max_length=LONGEST_COMMENT,
        widget=forms.Textarea(attrs={"class": "textarea", "rows": 4}),
    )


class PageForm(forms.Form):
    """Which page of a list."""

    page = forms.IntegerField(required=False, min_value=1)
