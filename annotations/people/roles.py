"""The roles that a user can have."""

from collections.abc import Sequence

from annotations.errors import Invalid
from annotations.models import Role


def valid_roles(roles: Sequence[str]) -> list[str]:
    """Return the roles without duplicates. Raises Invalid for an unknown role."""
    unknown = [role for role in roles if role not in Role.values]
    if unknown:
        raise Invalid({"roles": [f'There is no role named "{unknown[0]}".']})
    return list(dict.fromkeys(roles))
