"""What people enter: parsed here, decided in services."""

from accounts.forms.branding import BrandingForm
from accounts.forms.merging import MergeCodeForm, MergeForm
from accounts.forms.oneself import AvoidForm, CarForm, CompanyForm, DemoForm, PlaceForm, ProfileForm
from accounts.forms.partners import PartnerForm
from accounts.forms.people import InvitationForm, IssuerForm, PeopleForm
from accounts.forms.policies import PoliciesForm, PolicyChangeForm
from accounts.forms.sites import SiteForm

__all__ = [
    "AvoidForm",
    "BrandingForm",
    "CarForm",
    "CompanyForm",
    "DemoForm",
    "InvitationForm",
    "IssuerForm",
    "MergeCodeForm",
    "MergeForm",
    "PartnerForm",
    "PeopleForm",
    "PlaceForm",
    "PoliciesForm",
    "PolicyChangeForm",
    "ProfileForm",
    "SiteForm",
]
