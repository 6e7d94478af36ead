"""All addresses."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView

from carpool.kernel import views as kernel

api_v1 = [
    path("", include("accounts.api.urls")),
    path("maps/", include("maps.api.urls")),
    path("", include("rides.api.urls")),
    path("", include("matching.api.urls")),
]

urlpatterns: list[URLPattern | URLResolver] = [
    path("livez", kernel.livez, name="livez"),
    path("healthz", kernel.healthz, name="healthz"),
    path("problems/<slug:code>", kernel.problem_kind, name="problem"),
    path("admin/", admin.site.urls),
    path("accounts/", include("allauth.urls")),
    path("api/v1/", include(api_v1)),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs/", SpectacularSwaggerView.as_view(), name="api-docs"),
    path("maps/", include("maps.urls")),
    path("", include("accounts.urls")),
    path("", include("matching.urls")),
    path("", include("rides.urls")),
]
