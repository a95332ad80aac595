"""E-mail addresses, by which a provider's sign-in finds an account: no two have one."""

from django.contrib.auth.models import User


def other_with(email: str, user: User) -> User | None:
    """Another account that has this address already, in whatever case; one query."""
    others = User.objects.exclude(pk=user.pk).filter(email__iexact=email)
    return others.first() if email else None
