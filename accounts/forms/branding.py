"""How an organization looks, as managers enter it."""

from django import forms
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _


class BrandingForm(forms.Form):
    """Name, colour, and a picture."""

    name = forms.CharField(
        label=_("Name"),
        max_length=120,
        widget=forms.TextInput(attrs={"class": "input", "autocomplete": "organization"}),
    )
    colour = forms.CharField(
        label=_("Colour"),
        max_length=7,
        validators=[RegexValidator(r"^#[0-9a-fA-F]{6}$", _("Six hexadecimal digits after #."))],
        help_text=_("Where it would be hard to read, we show its nearest legible shade."),
        widget=forms.TextInput(attrs={"class": "colour", "type": "color"}),
    )
    logo = forms.FileField(
        label=_("Logo"),
        required=False,
        max_length=200,
        help_text=_("PNG, JPEG or WebP, at most 5 MB. We draw it anew, 256 pixels at most."),
        widget=forms.FileInput(
            attrs={"class": "input", "accept": "image/png,image/jpeg,image/webp"}
        ),
    )
    remove_logo = forms.BooleanField(label=_("Show no logo"), required=False)
