"""Addresses below /api/v1/."""

from django.urls import path

from matching.api import drawing, plan_views, rooms, studies, views

app_name = "matching-api"
urlpatterns = [
    path("searches", views.SearchView.as_view(), name="search"),
    path("searches/drawing", drawing.DrawingView.as_view(), name="drawing"),
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
