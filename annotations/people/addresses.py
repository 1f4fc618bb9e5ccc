"""Search for users by the beginning of their name or by e-mail address."""

import unicodedata

from django.db.models import QuerySet
from django.db.models.functions import Lower

from annotations.models import User


def users_by_prefix(prefix: str, *, after: str = "") -> QuerySet[User]:
    """Return users whose name begins with `prefix`, ignoring case, sorted by name.

    `after` is the last name of the previous page. The lower bounds let the search in
    the index of names start at the prefix.
    """
    users = User.objects.annotate(low=Lower("username")).order_by("low")
    if low := prefix.lower():
        users = users.filter(low__gte=low, low__startswith=low)
    return users.filter(low__gt=after.lower()) if after else users


def users_by_email(address: str) -> list[User]:
    """Return the users with this e-mail address, active or not.

    The database's rules for upper case alone would match addresses that only look
    similar.
    """
    if not address:
        return []
    users = User.objects.filter(email__iexact=address).order_by("pk")
    return [user for user in users if is_same_address(user.email, address)]


def is_same_address(first: str, second: str) -> bool:
    """Return whether two addresses are equal except for case."""
    return _folded(first) == _folded(second)


def _folded(address: str) -> str:
    return unicodedata.normalize("NFKC", address).casefold()
