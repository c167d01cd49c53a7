"""The participant's pages."""

from django.urls import path

from flow import home_views, own_views, reminder_views, views

urlpatterns = [
    path("s/", views.session_page, name="session"),
    path("s/poll", views.poll, name="poll"),
    path("s/leave", views.leave, name="leave"),
    path("s/calculator", views.calculator, name="calculator"),
    path("s/visits.ics", home_views.visits_ics, name="visits_ics"),
    path("s/consent", home_views.consent, name="consent"),
    path("s/zone", home_views.zone, name="zone"),
    path("s/reminders", reminder_views.reminders, name="reminders"),
    path("u/<str:token>", reminder_views.stop_reminders, name="stop_reminders"),
    path("s/data", own_views.data, name="own_data"),
    path("s/report", views.report, name="report"),
    path("s/earlier/<int:number>", views.earlier, name="earlier"),
    path("s/recorded", views.recorded, name="recorded"),
]
