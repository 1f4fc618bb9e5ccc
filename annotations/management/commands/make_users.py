"""Make the first users of an installation that somebody tries out."""

import os
import secrets
from argparse import RawDescriptionHelpFormatter
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from annotations import people
from annotations.models import Role, User

PASSWORD = "LABELER_DEMO_PASSWORD"
USERS = {
    "admin": [Role.ADMIN],
    "judge1": [Role.JUDGE],
    "judge2": [Role.JUDGE],
    "judge3": [Role.JUDGE],
}


class Command(BaseCommand):
    """Makes whoever is missing of admin, judge1, judge2 and judge3."""

    help = (
        "Make the users admin, judge1, judge2 and judge3, those who are missing.\n\n"
        f"Example: {PASSWORD}=… python manage.py make_users\n"
        f"The password comes from {PASSWORD}; without it one is made and shown."
    )

    def create_parser(
        self, prog_name: str, subcommand: str, **kwargs: Any
    ) -> CommandParser:
        """Keep the example's lines apart."""
        kwargs["formatter_class"] = RawDescriptionHelpFormatter
        return super().create_parser(prog_name, subcommand, **kwargs)

    def handle(self, *args: Any, **options: Any) -> None:
        """Make them; those who exist keep their passwords and roles."""
        given = os.environ.get(PASSWORD)
        password = given or secrets.token_hex(8)
        there = set(
            User.objects.filter(username__in=USERS).values_list("username", flat=True)
        )
        made = [name for name in USERS if name not in there]
        for name in made:
            people.create(
                username=name,
                password=password,
                roles=USERS[name],
                by=None,
                is_checked=False,
            )
        self.stdout.write(f"Made {', '.join(made)}." if made else "All users exist.")
        if made and not given:
            self.stdout.write(f"Their password: {password}")
