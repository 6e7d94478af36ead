"""Addresses below /api/v1/."""

from django.urls import path

from matching.api import along, drawing, plan_views, rooms, studies, views

app_name = "matching-api"
urlpatterns = [
    path("searches", views.SearchView.as_view(), name="search"),
    path("searches/drawing", drawing.DrawingView.as_view(), name="drawing"),
    path("me/sought-rides", along.SoughtView.as_view(), name="sought-rides"),
    path("me/request-offers", along.RequestOffersView.as_view(), name="request-offers"),
    path(
        "requests/<uuid:request_id>/offers",
        along.RequestAnswersView.as_view(),
        name="request-answers",
    ),
    path(
        "request-offers/<uuid:offer_id>/withdraw",
        along.RequestOfferWithdrawView.as_view(),
        name="request-offer-withdraw",
    ),
    path("rooms/searches", rooms.RoomSearchView.as_view(), name="room-search"),
    path("rooms/board", rooms.BoardView.as_view(), name="room-board"),
    path("plan", plan_views.PlanView.as_view(), name="plan"),
    path("proposals", plan_views.ProposalsView.as_view(), name="proposals"),
    path(
        "proposals/<uuid:proposal_id>/answer",
        plan_views.ProposalAnswerView.as_view(),
        name="proposal-answer",
    ),
    path("assignments", plan_views.AssignmentsView.as_view(), name="assignments"),
    path("bookings", views.BookView.as_view(), name="book"),
    path("studies", studies.StudiesView.as_view(), name="studies"),
    path("studies/<uuid:study_id>", studies.StudyView.as_view(), name="study"),
]
