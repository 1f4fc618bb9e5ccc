"""`manage.py make_users`: create the first users of a demo installation."""

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
    """Creates the missing ones of admin, judge1, judge2 and judge3."""

    help = (
        "Create the users admin, judge1, judge2 and judge3 if they are missing.\n\n"
        f"Example: {PASSWORD}=… python manage.py make_users\n"
        f"{PASSWORD} sets their password. Without it, the command prints a random one."
    )

    def create_parser(
        self, prog_name: str, subcommand: str, **kwargs: Any
    ) -> CommandParser:
        """Keep the line breaks of the help."""
        kwargs["formatter_class"] = RawDescriptionHelpFormatter
        return super().create_parser(prog_name, subcommand, **kwargs)

    def handle(self, *args: Any, **options: Any) -> None:
        """Create missing users. The others keep their passwords and roles."""
        demo_password = os.environ.get(PASSWORD)
        password = demo_password or secrets.token_hex(8)
        rows = User.objects.filter(username__in=USERS)
        present = set(rows.values_list("username", flat=True))
        new_users = [name for name in USERS if name not in present]
        for name in new_users:
            people.create(
                username=name,
                password=password,
                roles=USERS[name],
                by=None,
                is_checked=False,
            )
        self.stdout.write(
            f"Created {', '.join(new_users)}." if new_users else "All users exist."
        )
        if new_users and not demo_password:
            self.stdout.write(f"Their password: {password}")
