"""Payments stand behind the wall, too, and no step of an operation is ever changed."""

from django.db import migrations

from carpool.kernel.append_only import append_only
from carpool.kernel.tenancy import wall

GUARDS = [
    wall("payments_payment"),
    wall("payments_paymentintent", by="payment_id", of="payments_payment"),
    wall("payments_intentstep", by="intent_id", of="payments_paymentintent"),
    append_only("payments_intentstep"),
]


class Migration(migrations.Migration):
    dependencies = [
        ("payments", "0004_payments"),
    ]

    operations = [migrations.RunSQL(there, back) for there, back in GUARDS]
