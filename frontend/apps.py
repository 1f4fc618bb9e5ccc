"""Registers the pages with Django."""

from django.apps import AppConfig


class FrontendConfig(AppConfig):
    """Server-rendered pages and their one script each."""

    name = "frontend"
