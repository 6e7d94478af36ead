"""What tests of the kerb do again and again."""

from datetime import timedelta

from accounts.tests.factories import MemberFactory
from rides import services

MINUTE = timedelta(minutes=1)


def join(code, rider, now, **changes):
    return services.join_instant(code=code.code, rider=rider, now=now, **changes)


def fresh(row):
    return type(row).objects.get(pk=row.pk)


def people(cast, count):
    return [MemberFactory(organization=cast.organization) for _ in range(count)]
