"""`manage.py create_staff NAME --role ROLE…`: set up a member of staff."""

import secrets
import sys
from getpass import getpass
from typing import Any, Final

from django.conf import settings
from django.contrib.auth.models import Group, User
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from accounts import passwords
from accounts.addresses import other_with
from accounts.roles import ROLES

ASK, RANDOM, NONE = "ask", "random", "none"
# 24 bytes are 32 characters.
RANDOM_BYTES: Final = 24


class Command(BaseCommand):
    """May be run again: it adds what is missing, and takes nothing away."""

    help = "Set up a member of staff, with roles; an account that is there is kept."

    def add_arguments(self, parser: CommandParser) -> None:
        """The command's arguments."""
        told = "; ".join(f"{name}: {purpose}" for name, purpose in ROLES.items())
        parser.add_argument("name", metavar="NAME", help="the user name")
        parser.add_argument(
            "--role", action="append", default=[], choices=ROLES, dest="roles", help=told
        )
        parser.add_argument("--email", default="", help="where a provider's sign-in finds them")
        parser.add_argument(
            "--password",
            choices=(ASK, RANDOM, NONE),
            default=ASK,
            help="of a new account: asked for, made up and printed once, or none (a provider's)",
        )
        parser.add_argument(
            "--reset-password", action="store_true", help="give one to an account that is there too"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        """Set the account up and say what was done."""
        if not f"{options['name']}{options['email']}".isprintable():
            raise CommandError("Neither a name nor an address has characters that cannot be seen.")
        groups = self._groups(options["roles"])
        with transaction.atomic():
            done = self._set_up(options, groups)
        for line in done or ["Nothing to do."]:
            self.stdout.write(line)

    def _groups(self, names: list[str]) -> list[Group]:
        groups = list(Group.objects.filter(name__in=names))
        if missing := set(names) - {group.name for group in groups}:
            raise CommandError(
                f"There is no group {', '.join(sorted(missing))} yet: run manage.py migrate."
            )
        return groups

    def _set_up(self, options: dict[str, Any], groups: list[Group]) -> list[str]:
        user, made = self._user(options)
        if not user.is_active:
            raise CommandError(f"{user} has been deactivated: reactivate them in the admin site.")
        done = [f"Made {user}."] if made else []
        done += self._account(user, options["email"])
        self._check(user)
        if made or options["reset_password"]:
            done.append(self._give_password(user, options["password"]))
        if done:
            user.save()
        if (made or options["reset_password"]) and user.has_usable_password():
            passwords.note_first(user)
            done.append(f"It is to be changed within {settings.FIRST_PASSWORD_HOURS} hours.")
        return done + self._roles(user, groups)

    def _account(self, user: User, email: str) -> list[str]:
        done = []
        if email and user.email.lower() != email.lower():
            user.email = email
            done.append(f"The e-mail address is {email}.")
        if not user.is_staff:
            user.is_staff = True
            done.append(f"{user} is staff.")
        return done

    def _roles(self, user: User, groups: list[Group]) -> list[str]:
        had = set(user.groups.all())
        user.groups.add(*groups)
        done = []
        if new := sorted(group.name for group in groups if group not in had):
            done.append(f"Given: {', '.join(new)}.")
        if kept := sorted(group.name for group in had - set(groups)):
            done.append(f"Kept besides: {', '.join(kept)}.")
        if not (groups or had or user.is_superuser):
            done.append("Nothing can be done here without a role: --role gives one.")
        return done

    def _user(self, options: dict[str, Any]) -> tuple[User, bool]:
        name = User.normalize_username(options["name"])
        found = User.objects.filter(username=name).first()
        if found is not None:
            return found, False
        twin = User.objects.filter(username__iexact=name).first()
        if twin is not None:
            raise CommandError(f"There is {twin}, whose name differs in case alone.")
        return User(username=name, email=options["email"], is_staff=True), True

    def _check_email(self, user: User, email: str) -> None:
        other = other_with(email, user)
        if other is not None:
            raise CommandError(f"{other} has the e-mail address {email} already.")

    def _check(self, user: User) -> None:
        self._check_email(user, user.email)
        try:
            user.full_clean(exclude=["password"])
        except ValidationError as error:
            wrong = "; ".join(
                f"{field}: {' '.join(said)}" for field, said in error.message_dict.items()
            )
            raise CommandError(wrong) from None

    def _give_password(self, user: User, how: str) -> str:
        if how == NONE:
            user.set_unusable_password()
            return "No password: they sign in by the provider."
        if how == RANDOM:
            password = secrets.token_urlsafe(RANDOM_BYTES)
            said = f"Password, shown this once: {password}"
        else:
            password, said = self._asked(user), "The password is as typed."
        user.set_password(password)
        return said

    def _asked(self, user: User) -> str:
        """The password as typed twice, once the validators like it."""
        if not sys.stdin.isatty():
            raise CommandError("A password is typed at a terminal; without one, --password random.")
        password = getpass("Password: ")
        if password != getpass("The same again: "):
            raise CommandError("The two differ; nothing was changed.")
        try:
            validate_password(password, user)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from None
        return password
