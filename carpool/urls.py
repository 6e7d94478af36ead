"""All addresses."""

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path, re_path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from carpool.kernel import views as kernel
from carpool.kernel import web
from carpool.kernel.api import UnknownAddress

api_v1: list[URLPattern | URLResolver] = [
    path("", include("accounts.api.urls")),
    path("maps/", include("maps.api.urls")),
    path("", include("rides.api.urls")),
    path("", include("matching.api.urls")),
    path("", include("chat.api.urls")),
    path("", include("payments.api.urls")),
    path("", include("tracking.api.urls")),
    re_path("", UnknownAddress.as_view()),
]

# Operators sign in where everybody does: with its limits, its second step and its sessions.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]

urlpatterns: list[URLPattern | URLResolver] = [
    path("livez", kernel.livez, name="livez"),
    path("healthz", kernel.healthz, name="healthz"),
    path("problems/<slug:code>", kernel.problem_kind, name="problem"),
    path("admin/", admin.site.urls),
    re_path("^accounts/password/", web.no_passwords),
    path("accounts/", include("allauth.urls")),
    path("_allauth/", include("allauth.headless.urls")),
    path("api/v1/", include(api_v1)),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs/", SpectacularSwaggerSplitView.as_view(), name="api-docs"),
    path("maps/", include("maps.urls")),
    path("design/<slug:version>.css", web.stylesheet, name="stylesheet"),
    path("sw.js", web.service_worker, name="service-worker"),
    path("manifest.webmanifest", web.manifest, name="manifest"),
    path("offline/", web.offline, name="offline"),
    path("design/", web.design, name="design"),
    path("i18n/", include("django.conf.urls.i18n")),
    path("", include("accounts.urls")),
    path("", include("matching.urls")),
    path("", include("rides.urls")),
    path("", include("chat.urls")),
    path("", include("payments.urls")),
    path("", include("tracking.urls")),
]
