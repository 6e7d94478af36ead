"""Wiring of the app."""

from django.apps import AppConfig


class PaymentsConfig(AppConfig):
    """See the package's docstring for what it owns."""

    name = "payments"
