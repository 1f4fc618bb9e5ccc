"""The roles that somebody may be given."""

from collections.abc import Sequence

from annotations.errors import Invalid
from annotations.models import Role


def known_roles(roles: Sequence[str]) -> list[str]:
    """The roles, each once; Invalid where there is no such role."""
    unknown = [role for role in roles if role not in Role.values]
    if unknown:
        raise Invalid({"roles": [f"There is no role {unknown[0]}."]})
    return list(dict.fromkeys(roles))
