"""Two lists of the same payments, ours and the test bank's, and what differs between them."""

import random
from collections import Counter
from datetime import timedelta
from uuid import UUID, uuid4

from payments.engine.reconcile import BreakKind
from payments.models import BankOperation, Payment
from payments.tests.ledger_scene import KRW


def seed(org, now, *, payments: int, of_each: int) -> dict[str, BreakKind]:
    """Book payments on both sides, then break some; return what has to be found, by reference."""
    dice, began = random.Random(13), now - timedelta(days=1)
    rows, done = [], []
    for nth in range(payments):
        pk, amount = UUID(int=dice.getrandbits(128), version=4), dice.randrange(100, 90_000)
        fate = dice.choices(["kept", "part", "whole", "declined"], [70, 15, 10, 5])[0]
        back = {"part": amount // 3, "whole": amount}.get(fate, 0)
        taken = 0 if fate == "declined" else amount
        rows.append(
            Payment(
                id=pk, organization=org, op_key=str(nth), provider="test_bank", trip_id=uuid4(),
                payer_id=uuid4(), amount=amount, currency=KRW, authorised=taken, captured=taken,
                captured_at=began if taken else None, refund_asked=back, refunded=back,
                pay_by=now, created_at=began,
            )
        )  # fmt: skip
        steps = [("authorise", amount), ("capture", taken), ("refund", back)]
        if taken:
            done += [_done(pk, purpose, sum_, began) for purpose, sum_ in steps if sum_]
    Payment.objects.bulk_create(rows, batch_size=2_000)
    BankOperation.objects.bulk_create(done, batch_size=2_000)
    paid = [one for one in rows if one.captured and not one.refunded]
    return _break(dice.sample(paid, 5 * of_each), of_each, began)


def _break(paid, of_each, began):
    expected = {}
    for nth, payment in enumerate(paid):
        kind = list(BreakKind)[1:][nth // of_each]
        theirs = BankOperation.objects.filter(reference=str(payment.pk))
        expected[str(payment.pk)] = kind
        if kind is BreakKind.MISSING_THERE:
            theirs.delete()
        elif kind is BreakKind.AMOUNT:
            theirs.filter(purpose="capture").update(amount=payment.amount + 1)
        elif kind is BreakKind.CURRENCY:
            theirs.update(currency="JPY")
        elif kind is BreakKind.STATE:  # they gave it all back, and nobody told us
            _done(payment.pk, "refund", payment.amount, began).save()
        else:
            _done(payment.pk, "authorise", payment.amount, began, again=True).save()
    for nth in range(of_each):
        pk = UUID(int=nth + 1)
        for purpose in ("authorise", "capture"):
            _done(pk, purpose, 500 + nth, began).save()
        expected[str(pk)] = BreakKind.MISSING_HERE
    return expected


def _done(pk, purpose, amount, at, *, again=False):
    return BankOperation(
        key=f"{pk}:{purpose}:{again}", purpose=purpose, reference=str(pk), amount=amount,
        currency=KRW, method="test_pays", done_at=at,
    )  # fmt: skip


def compare(expected, rows) -> dict[str, int]:
    """Return how many were found rightly, wrongly classed, not at all, and falsely."""
    found = {row.reference: row.kind for row in rows}
    told = Counter(
        "missed" if name not in found else "found" if found[name] == kind else "wrong class"
        for name, kind in expected.items()
    )
    return {
        "found": told["found"], "wrong_class": told["wrong class"], "missed": told["missed"],
        "false": len(set(found) - set(expected)),
    }  # fmt: skip
