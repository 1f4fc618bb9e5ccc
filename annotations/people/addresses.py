"""Finding people: by the beginning of a name, by an e-mail address."""

import unicodedata

from django.db.models import QuerySet
from django.db.models.functions import Lower

from annotations.models import User


def named(prefix: str, *, after: str = "") -> QuerySet[User]:
    """Everybody whose name begins so, whatever its case, by name; `after` goes on there.

    The bounds from below let the index of names begin where the prefix does.
    """
    people = User.objects.annotate(low=Lower("username")).order_by("low")
    if low := prefix.lower():
        people = people.filter(low__gte=low, low__startswith=low)
    return people.filter(low__gt=after.lower()) if after else people


def users_of(address: str) -> list[User]:
    """Everybody who has this e-mail address, active or not.

    The database's own idea of upper case would let an address in that only looks alike.
    """
    if not address:
        return []
    found = User.objects.filter(email__iexact=address).order_by("pk")
    return [user for user in found if same_address(user.email, address)]


def same_address(one: str, other: str) -> bool:
    """Whether two addresses differ in case at most."""
    return _folded(one) == _folded(other)


def _folded(address: str) -> str:
    return unicodedata.normalize("NFKC", address).casefold()
