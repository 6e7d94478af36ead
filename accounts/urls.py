"""Pages about oneself."""

from django.urls import path, re_path

from accounts import views

app_name = "accounts"
urlpatterns = [
    path("profile/", views.profile, name="profile"),
    path("profile/cars/add/", views.car, name="car-add"),
    path("profile/cars/<uuid:car_id>/", views.car, name="car"),
    path("profile/cars/<uuid:car_id>/remove/", views.remove_car, name="car-remove"),
    path("profile/places/<str:kind>/", views.place, name="place"),
    path("profile/places/<uuid:place_id>/remove/", views.remove_place, name="place-remove"),
    path("profile/safety/", views.safety, name="safety"),
    path("profile/data/", views.data, name="data"),
    path("profile/data/export/", views.ask_for_export, name="export-ask"),
    path("profile/data/export/<str:token>/", views.download, name="export"),
    path("profile/data/erase/", views.ask_for_erasure, name="erase"),
    path("profile/data/stay/", views.think_again, name="erase-not"),
    path("profile/safety/blocks/<int:block_id>/remove/", views.unblock, name="unblock"),
    path("profile/safety/avoid/", views.avoid, name="avoid"),
    path("profile/safety/avoid/<uuid:place_id>/remove/", views.stop_avoiding, name="avoid-remove"),
    path("profile/links/<int:account_id>/remove/", views.unlink, name="unlink"),
    path("organization/", views.organization, name="organization"),
    path("organization/policies/", views.policies, name="policies"),
    re_path(r"^brand/(?P<colour>[0-9a-f]{6})\.css$", views.brand_style, name="brand-style"),
    path("brand/<uuid:organization_id>/<slug:version>.png", views.logo, name="logo"),
    path("organization/branding/", views.branding, name="branding"),
    path("organization/partners/", views.partners, name="partners"),
    path(
        "organization/partners/<uuid:partnership_id>/accept/",
        views.accept_partner,
        name="partner-accept",
    ),
    path("organization/partners/<uuid:partnership_id>/end/", views.end_partner, name="partner-end"),
    path("profile/safety/beyond/", views.share_beyond, name="share-beyond"),
    path("organization/sites/", views.site_list, name="sites"),
    path("organization/sites/add/", views.site, name="site-add"),
    path("organization/sites/<uuid:site_id>/", views.site, name="site"),
    path("organization/sites/<uuid:site_id>/remove/", views.remove_site, name="site-remove"),
    path("organization/leave/", views.leave, name="leave"),
    path("organization/people/", views.people_list, name="people"),
    path("organization/people/<uuid:person_id>/", views.person, name="person"),
    path("organization/people/<uuid:person_id>/role/", views.change_role, name="person-role"),
    path("organization/people/<uuid:person_id>/remove/", views.remove_person, name="person-remove"),
    path(
        "organization/people/<uuid:person_id>/readmit/",
        views.readmit_person,
        name="person-readmit",
    ),
    path("organization/people/import/", views.import_people, name="people-import"),
    path("organization/sign-in/", views.issuer, name="issuer"),
    path("organization/sign-in/remove/", views.remove_issuer, name="issuer-remove"),
    path("organization/invitations/", views.invitations, name="invitations"),
    path(
        "organization/invitations/<uuid:invitation_id>/revoke/",
        views.revoke_invitation,
        name="invitation-revoke",
    ),
    path("join/<str:token>/", views.invited, name="invited"),
    path("join/", views.join, name="join"),
    path("demo/", views.demo, name="demo"),
]
