"""The Django app of the domain."""

from django.apps import AppConfig


class AnnotationsConfig(AppConfig):
    """Models, stages and the API."""

    name = "annotations"
