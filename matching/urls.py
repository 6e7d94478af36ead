"""Pages of matching."""

from django.urls import path

from matching.views import along, find, plan, ranking, rooms, start, study

app_name = "matching"
urlpatterns = [
    path("find/", find.find_ride, name="find"),
    path("find/book/", find.book, name="book"),
    path("find/keep/", find.keep_request, name="request"),
    path("along/", along.along, name="along"),
    path("along/<uuid:request_id>/offer/", along.offer_along, name="along-offer"),
    path("along/offers/<uuid:offer_id>/withdraw/", along.withdraw_offer, name="along-withdraw"),
    path("rooms/", rooms.board, name="rooms"),
    path("plan/", plan.plan, name="plan"),
    path("plan/preview/", plan.preview, name="plan-preview"),
    path("plan/pause/", plan.pause, name="plan-pause"),
    path("plan/resume/", plan.resume, name="plan-resume"),
    path("plan/run/", plan.run, name="plan-run"),
    path("plan/proposals/<uuid:proposal_id>/answer/", plan.answer, name="proposal-answer"),
    path("start/", start.start, name="start"),
    path("start/<slug:step>/", start.start, name="start-step"),
    path("organization/ranking/", ranking.ranking, name="ranking"),
    path("studies/", study.studies, name="studies"),
    path("studies/example.csv", study.example, name="study-example"),
    path("studies/<uuid:study_id>/", study.study, name="study"),
    path("studies/<uuid:study_id>/figures.csv", study.cells, name="study-cells"),
    path("studies/<uuid:study_id>/retry/", study.retry, name="study-retry"),
    path("studies/<uuid:study_id>/delete/", study.delete, name="study-delete"),
    path("requests/<uuid:request_id>/close/", find.close_request, name="request-close"),
]
