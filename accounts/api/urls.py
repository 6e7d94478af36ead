"""Addresses below /api/v1/."""

from django.urls import path

from accounts.api import (
    branding,
    communities,
    company,
    merging,
    partners,
    people,
    policies,
    sites,
    views,
)

app_name = "accounts-api"
urlpatterns = [
    path("me", views.MeView.as_view(), name="me"),
    path("me/cars", views.CarsView.as_view(), name="cars"),
    path("me/cars/<uuid:car_id>", views.CarView.as_view(), name="car"),
    path("me/places", views.PlacesView.as_view(), name="places"),
    path("me/places/<uuid:place_id>", views.PlaceView.as_view(), name="place"),
    path("me/company", company.CompanyView.as_view(), name="company"),
    path("me/blocks", company.BlocksView.as_view(), name="blocks"),
    path("me/blocks/<int:block_id>", company.BlockView.as_view(), name="block"),
    path("me/avoided-places", company.AvoidedPlacesView.as_view(), name="avoided-places"),
    path(
        "me/avoided-places/<uuid:avoided_id>",
        company.AvoidedPlaceView.as_view(),
        name="avoided-place",
    ),
    path("me/merges", merging.MergesView.as_view(), name="merges"),
    path(
        "me/merges/<uuid:merge_id>/confirm",
        merging.MergeConfirmationView.as_view(),
        name="merge-confirm",
    ),
    path("organization/sites", sites.SitesView.as_view(), name="sites"),
    path("organization/sites/<uuid:site_id>", sites.SiteView.as_view(), name="site"),
    path("communities", communities.CommunitiesView.as_view(), name="communities"),
    path(
        "communities/<uuid:community_id>/join",
        communities.CommunityJoiningView.as_view(),
        name="community-join",
    ),
    path("organization/door", communities.DoorView.as_view(), name="door"),
    path("organization/branding", branding.BrandingView.as_view(), name="branding"),
    path("organization/branding/logo", branding.LogoView.as_view(), name="logo"),
    path("organization/partners", partners.PartnersView.as_view(), name="partners"),
    path(
        "organization/partners/<uuid:partnership_id>",
        partners.PartnerView.as_view(),
        name="partner",
    ),
    path(
        "organization/partners/<uuid:partnership_id>/accept",
        partners.PartnerAcceptanceView.as_view(),
        name="partner-accept",
    ),
    path("organization/leave", people.LeaveView.as_view(), name="leave"),
    path("organization/people", people.PeopleView.as_view(), name="people"),
    path("organization/people/<uuid:person_id>", people.PersonView.as_view(), name="person"),
    path(
        "organization/people/<uuid:person_id>/remove",
        people.PersonRemovalView.as_view(),
        name="person-remove",
    ),
    path(
        "organization/people/<uuid:person_id>/readmit",
        people.PersonReadmissionView.as_view(),
        name="person-readmit",
    ),
    path("organization/policies", policies.PoliciesView.as_view(), name="policies"),
    path(
        "organization/policies/changes",
        policies.PolicyChangesView.as_view(),
        name="policy-changes",
    ),
]
