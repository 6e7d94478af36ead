"""What operators decide and do for people: objections to fares, and transfers to them."""

import csv
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from accounts.models import Member
from carpool.kernel import clock
from carpool.kernel.errors import DomainError
from carpool.kernel.sealing import unseal
from carpool.kernel.templatetags.ui import money
from payments import services
from payments.admin.books import ReadOnly
from payments.models import Dispute, Fare, FeeContest, Payout, PayoutAccount, RideFare
from rides.models import Booking


class Decided(ReadOnly):
    """A row is read; what can be done to it are the actions of the list."""

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let the list show its actions."""
        allowed: bool = super(ReadOnly, self).has_change_permission(request)  # type: ignore[misc]
        return obj is None and allowed


@admin.register(Dispute)
class DisputeAdmin(Decided, admin.ModelAdmin):
    """Objections: what was paid, what the rider says, the receipt; decided for one of the two."""

    list_display = ("opened_at", "state", "fare", "part", "penalty_paid", "decide_by", "reason")
    list_filter = ("state", "organization")
    list_select_related = ("share__fare",)
    date_hierarchy = "opened_at"
    ordering = ("decide_by",)
    actions = ("for_the_rider", "for_the_host")
    fields = (
        "state", "reason", "fare", "presence", "prepaid", "part", "penalty_paid", "receipt",
        "opened_at", "decide_by", "decided_at", "why",
    )  # fmt: skip

    @admin.display(description=_("Fare"))
    def fare(self, dispute: Dispute) -> str:
        """Say what the taxi cost."""
        fare = dispute.share.fare
        return money(fare.amount, fare.currency)

    @admin.display(description=_("Came"))
    def presence(self, dispute: Dispute) -> str:
        """Say what the settlement took them for."""
        return dispute.share.get_presence_display()

    @admin.display(description=_("Prepaid"))
    def prepaid(self, dispute: Dispute) -> str:
        """Say what they had prepaid."""
        return money(dispute.share.funded, dispute.share.fare.currency)

    @admin.display(description=_("Their part"))
    def part(self, dispute: Dispute) -> str:
        """Say what is held."""
        return money(dispute.amount, dispute.share.fare.currency)

    @admin.display(description=_("Penalty"))
    def penalty_paid(self, dispute: Dispute) -> str:
        """Say what went into the fund."""
        return money(dispute.penalty, dispute.share.fare.currency)

    @admin.display(description=_("Receipt"))
    def receipt(self, dispute: Dispute) -> str:
        """Lead to the photo."""
        address = reverse("admin:payments_fare_receipt", args=[dispute.share.fare_id])
        return format_html('<a href="{}">{}</a>', address, _("Look at the receipt"))

    def get_urls(self) -> list[Any]:
        """Add the photo of a receipt."""
        view = self.admin_site.admin_view(self.show_receipt)
        own = [path("receipt/<uuid:fare_id>/", view, name="payments_fare_receipt")]
        return own + super().get_urls()

    def show_receipt(self, request: HttpRequest, fare_id: UUID) -> FileResponse:
        """Show a receipt to whoever may decide about it."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        fare = get_object_or_404(Fare, pk=fare_id)
        return FileResponse(fare.photo.open("rb"), content_type="image/jpeg")

    @admin.action(description=_("Decide for the rider: part and penalty go back"))
    def for_the_rider(self, request: HttpRequest, queryset: QuerySet[Dispute]) -> None:
        """Give back."""
        self._decide(request, queryset, for_rider=True)

    @admin.action(description=_("Decide for the host: it stays as it is"))
    def for_the_host(self, request: HttpRequest, queryset: QuerySet[Dispute]) -> None:
        """Let it stand."""
        self._decide(request, queryset, for_rider=False)

    def _decide(
        self, request: HttpRequest, queryset: QuerySet[Dispute], *, for_rider: bool
    ) -> None:
        by = Member.objects.filter(user=request.user.pk).first()
        for dispute in queryset:
            try:
                services.decide_dispute(
                    dispute_id=dispute.pk,
                    by=by,
                    for_rider=for_rider,
                    why=f"{request.user}",
                    now=clock.now(),
                )
            except DomainError as error:
                self.message_user(request, f"{dispute}: {error.title}", messages.ERROR)


@admin.register(RideFare)
class RideFareAdmin(Decided, admin.ModelAdmin):
    """Prices of seats in planned rides; those about which two do not agree are decided here."""

    list_display = ("asked_at", "state", "how_much", "rider", "driver", "decide_by", "end")
    list_filter = ("state", "organization")
    date_hierarchy = "asked_at"
    ordering = ("decide_by", "-asked_at")
    actions = ("for_the_rider", "for_the_driver")
    fields = (
        "organization", "state", "how_much", "rider", "driver", "answers", "asked_at", "paid_at",
        "disputed_at", "decide_by", "decided_at", "why", "end", "to_driver", "back", "ended_at",
    )  # fmt: skip

    @admin.display(description=_("Amount"))
    def how_much(self, fare: RideFare) -> str:
        """Write the price."""
        return money(fare.amount, fare.currency)

    @admin.display(description=_("Rider"))
    def rider(self, fare: RideFare) -> str:
        """Name who paid."""
        return str(Member.objects.filter(pk=fare.rider_id).first() or fare.rider_id)

    @admin.display(description=_("Driver"))
    def driver(self, fare: RideFare) -> str:
        """Name who drove."""
        return str(Member.objects.filter(pk=fare.driver_id).first() or fare.driver_id)

    @admin.display(description=_("Who says what"))
    def answers(self, fare: RideFare) -> str:
        """Say what both answered, and what is known of the ride."""
        booking = Booking.objects.filter(pk=fare.booking_id).first()
        if booking is None:
            return "–"
        words = {True: _("took place"), False: _("did not take place"), None: _("no answer")}
        parts = [
            f"{_('Driver')}: {words[booking.driver_answer]}",
            f"{_('Rider')}: {words[booking.rider_answer]}",
        ]
        if booking.missed_at:
            parts.append(str(_("the driver says that the rider did not come")))
        return " · ".join(parts)

    @admin.action(description=_("Decide for the rider: it did not take place, the price goes back"))
    def for_the_rider(self, request: HttpRequest, queryset: QuerySet[RideFare]) -> None:
        """Give back."""
        self._decide(request, queryset, for_rider=True)

    @admin.action(description=_("Decide for the driver: it took place, the price is theirs"))
    def for_the_driver(self, request: HttpRequest, queryset: QuerySet[RideFare]) -> None:
        """Let the driver have it."""
        self._decide(request, queryset, for_rider=False)

    def _decide(
        self, request: HttpRequest, queryset: QuerySet[RideFare], *, for_rider: bool
    ) -> None:
        by = Member.objects.filter(user=request.user.pk).first()
        for fare in queryset:
            try:
                services.decide_price(
                    fare_id=fare.pk, by=by, for_rider=for_rider, why=f"{request.user}",
                    now=clock.now(),
                )  # fmt: skip
            except DomainError as error:
                self.message_user(request, f"{fare}: {error.title}", messages.ERROR)


@admin.register(FeeContest)
class FeeContestAdmin(Decided, admin.ModelAdmin):
    """Objections to fees of planned rides; decided for one of the two."""

    list_display = ("opened_at", "state", "fee", "rider", "driver", "end", "decide_by", "reason")
    list_filter = ("state", "organization")
    list_select_related = ("fare",)
    date_hierarchy = "opened_at"
    ordering = ("decide_by",)
    actions = ("for_the_rider", "for_the_driver")
    fields = (
        "organization", "state", "reason", "fee", "rider", "driver", "end", "left_at",
        "opened_at", "decide_by", "decided_at", "why",
    )  # fmt: skip

    @admin.display(description=_("Fee"))
    def fee(self, contest: FeeContest) -> str:
        """Write what is held."""
        return money(contest.amount, contest.fare.currency)

    @admin.display(description=_("Rider"))
    def rider(self, contest: FeeContest) -> str:
        """Name who objects."""
        found = Member.objects.filter(pk=contest.fare.rider_id).first()
        return str(found or contest.fare.rider_id)

    @admin.display(description=_("Driver"))
    def driver(self, contest: FeeContest) -> str:
        """Name who got the fee."""
        found = Member.objects.filter(pk=contest.fare.driver_id).first()
        return str(found or contest.fare.driver_id)

    @admin.display(description=_("For what"))
    def end(self, contest: FeeContest) -> str:
        """Say what the fee was taken for."""
        return contest.fare.get_end_display()

    @admin.display(description=_("What is known of it"))
    def left_at(self, contest: FeeContest) -> str:
        """Say when the pick-up was, and when the seat was given back or an absence noted."""
        booking = Booking.objects.filter(pk=contest.fare.booking_id).first()
        if booking is None:
            return "–"
        noted = booking.cancelled_at or booking.missed_at
        told = f"{_('Pick-up')} {booking.pickup_at:%Y-%m-%d %H:%M} UTC"
        return f"{told} · {noted:%Y-%m-%d %H:%M} UTC" if noted else told

    @admin.action(description=_("Decide for the rider: the fee goes back"))
    def for_the_rider(self, request: HttpRequest, queryset: QuerySet[FeeContest]) -> None:
        """Give back."""
        self._decide(request, queryset, for_rider=True)

    @admin.action(description=_("Decide for the driver: the fee stays as it is"))
    def for_the_driver(self, request: HttpRequest, queryset: QuerySet[FeeContest]) -> None:
        """Let it stand."""
        self._decide(request, queryset, for_rider=False)

    def _decide(
        self, request: HttpRequest, queryset: QuerySet[FeeContest], *, for_rider: bool
    ) -> None:
        by = Member.objects.filter(user=request.user.pk).first()
        for contest in queryset:
            try:
                services.decide_contest(
                    contest_id=contest.pk, by=by, for_rider=for_rider, why=f"{request.user}",
                    now=clock.now(),
                )  # fmt: skip
            except DomainError as error:
                self.message_user(request, f"{contest}: {error.title}", messages.ERROR)


@admin.register(Payout)
class PayoutAdmin(Decided, admin.ModelAdmin):
    """Transfers of what people are owed: made at the bank, then said to have arrived."""

    list_display = ("batch", "whose", "how_much", "account", "state", "created_at", "ended_at")
    list_filter = ("state", "organization", "batch")
    date_hierarchy = "created_at"
    actions = ("list_for_the_bank", "arrived", "came_back")
    fields = ("organization", "whose", "how_much", "account", "batch", "state", "ended_at")

    @admin.display(description=_("Person"))
    def whose(self, payout: Payout) -> str:
        """Name the payee."""
        return str(Member.objects.filter(pk=payout.payee_id).first() or payout.payee_id)

    @admin.display(description=_("Amount"))
    def how_much(self, payout: Payout) -> str:
        """Write the amount."""
        return money(payout.amount, payout.currency)

    @admin.display(description=_("Account"))
    def account(self, payout: Payout) -> str:
        """Say where to, by its end."""
        return str(PayoutAccount.objects.filter(member=payout.payee_id).first() or "–")

    @admin.action(description=_("Download a list for the bank"))
    def list_for_the_bank(self, request: HttpRequest, queryset: QuerySet[Payout]) -> HttpResponse:
        """Write who gets what where; this is the one place that shows whole account numbers."""
        accounts = {
            one.member_id: one
            for one in PayoutAccount.objects.filter(member__in=queryset.values("payee_id"))
        }
        answer = HttpResponse(content_type="text/csv; charset=utf-8")
        answer["Content-Disposition"] = 'attachment; filename="transfers.csv"'
        rows = csv.writer(answer)
        rows.writerow(["reference", "holder", "bank", "account", "amount_minor", "currency"])
        for payout in queryset.filter(state="sent").order_by("created_at", "pk"):
            to = accounts.get(payout.payee_id)
            told = [to.holder, to.bank, unseal(to.sealed_number)] if to else ["", "", ""]
            rows.writerow([payout.pk, *map(_plain, told), payout.amount, payout.currency])
        return answer

    @admin.action(description=_("They have arrived"))
    def arrived(self, request: HttpRequest, queryset: QuerySet[Payout]) -> None:
        """Book that the bank has paid."""
        self._end(request, queryset, arrived=True)

    @admin.action(description=_("They came back"))
    def came_back(self, request: HttpRequest, queryset: QuerySet[Payout]) -> None:
        """Owe it again."""
        self._end(request, queryset, arrived=False)

    def _end(self, request: HttpRequest, queryset: QuerySet[Payout], *, arrived: bool) -> None:
        for payout in queryset:
            try:
                services.end_payout(payout_id=payout.pk, arrived=arrived, now=clock.now())
            except DomainError as error:
                self.message_user(request, f"{payout}: {error.title}", messages.ERROR)


def _plain(text: str) -> str:
    """Return text that no spreadsheet takes for a formula. Source: OWASP, CSV injection."""
    return f"'{text}" if text[:1] in "=+-@\t\r" else text
