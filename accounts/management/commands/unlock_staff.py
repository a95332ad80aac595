"""`manage.py unlock_staff NAME`: let somebody in again who cannot sign in."""

from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from accounts import lockouts, second_factor


class Command(BaseCommand):
    """Says what it did; nothing where nothing stood in the way."""

    help = "Lift the lock-out of a user name; with --second-factor, remove that as well."

    def add_arguments(self, parser: CommandParser) -> None:
        """The command's arguments."""
        parser.add_argument("name", metavar="NAME", help="the user name")
        parser.add_argument(
            "--second-factor", action="store_true", help="for who has lost device and codes"
        )

    @transaction.atomic
    def handle(self, *_args: Any, **options: Any) -> None:
        """Lift and remove."""
        name = options["name"]
        if not name.isprintable():
            raise CommandError("A user name has no characters that cannot be seen.")
        if lockouts.lift(name):
            self.stdout.write(f"{name} may try again.")
        else:
            self.stdout.write(f"{name} is not locked out.")
        if options["second_factor"]:
            user = User.objects.filter(username=name).first()
            if user is None:
                raise CommandError(f"There is no user {name}.")
            had = second_factor.remove(user)
            self.stdout.write("Second factor removed." if had else "There was no second factor.")
