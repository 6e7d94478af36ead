"""Where members want their money sent."""

import re
from datetime import datetime

from django.db import transaction

from accounts.models import Member
from carpool.kernel.sealing import seal
from payments.errors import AccountNumberInvalid
from payments.models import PayoutAccount


@transaction.atomic
def keep_account(
    *, member: Member, holder: str, bank: str, number: str, now: datetime
) -> PayoutAccount:
    """Store where a member wants their money sent; what is on its way already goes where it went.

    Raises:
        AccountNumberInvalid: that is no account's number.
    """
    plain = "".join(number.split()).replace("-", "").upper()
    if not _NUMBER.fullmatch(plain) or (plain[:2].isalpha() and not _is_iban(plain)):
        raise AccountNumberInvalid(field="number")
    account, _is_new = PayoutAccount.objects.update_or_create(
        member=member,
        defaults={
            "organization": member.organization,
            "holder": holder,
            "bank": bank,
            "sealed_number": seal(plain),
            "ending": plain[-4:],
            "changed_at": now,
        },
    )
    return account


_NUMBER = re.compile(r"[A-Z]{0,2}[0-9A-Z]{6,32}")


def _is_iban(plain: str) -> bool:
    """Tell whether the check digits are right. Source: ISO 13616, modulo 97 as in ISO 7064."""
    turned = plain[4:] + plain[:4]
    return int("".join(str(int(one, 36)) for one in turned)) % 97 == 1


def forget_account(*, member: Member) -> None:
    """Send nothing any more; what is owed waits."""
    PayoutAccount.objects.filter(member=member).delete()
