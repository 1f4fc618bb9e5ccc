"""In Django's admin site: which accounts at a sign-in provider belong to whom."""

from typing import ClassVar

from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from django.contrib import admin
from django.http import HttpRequest

from annotations.admin import Looking


class Links(Looking):
    """To look at, and to delete where somebody's account there is another one now."""

    list_display = ("user", "provider", "uid", "last_login")
    search_fields: ClassVar = ["user__username"]
    exclude: ClassVar = ["extra_data"]

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Admins; the person is recognised by address next time."""
        return request.user.is_active and request.user.is_staff


def tidy() -> None:
    """Take allauth's tables out, which nothing here fills, and show the links our way."""
    for model in (EmailAddress, SocialApp, SocialToken, SocialAccount):
        if admin.site.is_registered(model):
            admin.site.unregister(model)
    admin.site.register(SocialAccount, Links)
