"""The door for the web server."""

import os

from django.core.wsgi import get_wsgi_application

from labeler import celery  # noqa: F401  (tasks go to this application's broker)

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "labeler.settings")
application = get_wsgi_application()
