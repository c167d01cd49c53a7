"""The way in."""

from django.urls import path

from participants import views

urlpatterns = [path("j/<str:token>", views.Landing.as_view(), name="landing")]
