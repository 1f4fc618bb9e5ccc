"""The URLs: health checks, API, Django's admin site, pages."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from annotations.api import health
from frontend.admin import register_account_links
from labeler import celery

# Tasks that the web server enqueues go to this application's broker.
__all__ = ["celery", "urlpatterns"]

register_account_links()

urlpatterns = [
    path("healthz/live", health.live, name="live"),
    path("healthz/ready", health.ready, name="ready"),
    path("api/", include("annotations.api.urls")),
    # One page changes passwords. The admin site's own page would not revoke API tokens.
    path(
        "django-admin/password_change/",
        RedirectView.as_view(pattern_name="change-password"),
    ),
    path("django-admin/", admin.site.urls),
    path("", include("frontend.urls")),
]

# Under /api/ these return problem details, elsewhere Django's error pages.
handler400 = "annotations.api.errors.bad_request"
handler403 = "annotations.api.errors.permission_denied"
handler404 = "annotations.api.errors.page_not_found"
handler500 = "annotations.api.errors.server_error"
