"""The pages' entry point (gunicorn)."""

import gc
import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.utils.module_loading import import_string

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = get_wsgi_application()
import_string(settings.TASK_APP)  # the first hint to a worker is not the time to import Celery
import_string(f"{settings.ROOT_URLCONF}.urlpatterns")  # nor the first participant's page that to import every view
import_string("chat.safety.policy.get_ready")()  # nor the first message that to make the rules of screening
# What is loaded by now stays: the collector need not look through it again and again.
gc.collect()
gc.freeze()
