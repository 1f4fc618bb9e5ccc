"""Accounts of users at the sign-in provider, in Django's admin site."""

from typing import ClassVar

from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from django.contrib import admin
from django.http import HttpRequest

from annotations.admin import ReadOnlyAdmin


class AccountLinks(ReadOnlyAdmin):
    """Links to accounts. An admin deletes a link when the user has a new account."""

    list_display = ("user", "provider", "uid", "last_login")
    search_fields: ClassVar = ["user__username"]
    exclude: ClassVar = ["extra_data"]

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Allow admins. The next sign-in recognises the user by the e-mail address."""
        return request.user.is_active and request.user.is_staff


def register_account_links() -> None:
    """Remove allauth's unused tables from the admin site, and register the links."""
    for model in (EmailAddress, SocialApp, SocialToken, SocialAccount):
        if admin.site.is_registered(model):
            admin.site.unregister(model)
    admin.site.register(SocialAccount, AccountLinks)
