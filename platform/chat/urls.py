"""The card with resources."""

from django.urls import path

from chat import views

urlpatterns = [path("support/<str:language>/<str:sha256>", views.support, name="support")]
