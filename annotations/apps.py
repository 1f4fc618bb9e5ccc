"""Registers the domain with Django."""

from django.apps import AppConfig


class AnnotationsConfig(AppConfig):
    """The domain: models, stages and the API."""

    name = "annotations"
