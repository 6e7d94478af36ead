"""Where somebody's money is sent: kept sealed, shown by its end, forgotten with them."""

import pytest

from payments import services
from payments.errors import AccountNumberInvalid
from payments.models import PayoutAccount
from payments.services.forgetting import erase_payments

pytestmark = pytest.mark.django_db
IBAN = "DE89 3704 0044 0532 0130 00"


def keep(member, number, now):
    return services.keep_account(
        member=member, holder="Dora Driver", bank="Banco Sur", number=number, now=now
    )


def test_the_number_is_sealed_and_its_end_is_shown(cast, now):
    account = keep(cast.driver, IBAN, now)
    assert account.ending == "3000"
    assert "0532013000" not in account.sealed_number
    assert keep(cast.driver, "110-2345-67890", now).ending == "7890"
    assert PayoutAccount.objects.count() == 1


@pytest.mark.parametrize(
    "number", ["DE89 3704 0044 0532 0130 01", "12", "drop table", "١٢٣٤٥٦٧", ""]
)
def test_what_is_no_account_is_refused(cast, now, number):
    with pytest.raises(AccountNumberInvalid):
        keep(cast.driver, number, now)


def test_the_page_takes_it_and_says_what_is_wrong(client, cast):
    client.force_login(cast.driver.user)
    entered = {"holder": "Dora", "bank": "Banco Sur", "number": "DE00 1111"}
    refused = client.post("/wallet/account/", entered)
    assert "number" in refused.context["form"].errors
    client.post("/wallet/account/", entered | {"number": IBAN})
    page = client.get("/wallet/account/")
    assert "3000" in page.content.decode()
    assert "0532013000" not in page.content.decode()
    client.post("/wallet/account/forget/")
    assert not PayoutAccount.objects.exists()


def test_it_is_forgotten_with_its_owner(cast, now):
    keep(cast.driver, IBAN, now)
    erase_payments(cast.driver.pk, now)
    assert not PayoutAccount.objects.exists()
