"""Every movement that the rules know, as a journal. Facts in, debits and credits out.

Keys are made from what happened, never from when: the same fact told twice is one journal.
"""

from collections.abc import Mapping, Sequence

from payments.engine import chart
from payments.engine.chart import Account, AccountKind, Journal, Leg, journal, move
from payments.engine.refunds import Capture, plan_refunds, share_refund
from payments.engine.settlement import RiderAmounts, RoomSettlement


def charge_captured(
    *, payment: str, provider: str, trip: str, rider: str, amount: int, currency: str
) -> Journal | None:
    """Record that a provider took a prepayment or top-up: it lies in escrow until the trip ends."""
    legs = move(
        chart.pg_receivable(provider, currency), chart.escrow(trip, rider, currency), amount
    )
    return journal("charge", f"charge:{payment}", [legs], trip=trip)


def charge_came_late(
    *, payment: str, provider: str, trip: str, amount: int, currency: str
) -> Journal | None:
    """Record a payment for a seat that was given away meanwhile: all of it goes back (R4)."""
    legs = move(
        chart.pg_receivable(provider, currency), chart.refund_payable(payment, currency), amount
    )
    return journal("late_charge", f"charge:{payment}", [legs], trip=trip)


def room_settled(
    settlement: RoomSettlement, *, trip: str, captures: Mapping[str, Sequence[Capture]]
) -> Journal | None:
    """Distribute every rider's escrow: to the host, to the penalty fund, back to them.

    Parameters
    ----------
    captures : mapping of rider to captures
        With which payments their money came; it goes back by the newest first (R13).

    Raises
    ------
    RefundExceedsCaptured
        More is to go back to a rider than they paid.
    """
    moves = [
        legs
        for rider in settlement.riders
        for legs in _rider_settled(
            rider, settlement, trip=trip, captures=captures.get(rider.rider, ())
        )
    ]
    return journal("settle_room", f"settle:{trip}", moves, trip=trip)


def _rider_settled(
    rider: RiderAmounts, settlement: RoomSettlement, *, trip: str, captures: Sequence[Capture]
) -> list[tuple[Leg, ...]]:
    currency = settlement.currency
    from_escrow = chart.escrow(trip, rider.rider, currency)
    fund = chart.shared(AccountKind.PENALTY_FUND, currency)
    return [
        move(from_escrow, chart.payable(settlement.host, currency), rider.fare_part),
        move(from_escrow, fund, rider.penalty),
        *(
            move(from_escrow, chart.refund_payable(payment, currency), part)
            for payment, part in plan_refunds(captures, rider.back)
        ),
    ]


def left_free(
    *,
    trip: str,
    rider: str,
    amount: int,
    currency: str,
    captures: Sequence[Capture],
    nth: int | str = 1,
) -> Journal | None:
    """Give back everything to a rider who leaves in time, or refuses a top-up (R5, R6).

    ``nth`` tells their seats, or payments, in this trip apart: they may come back, and leave again.
    """
    moves = [
        move(chart.escrow(trip, rider, currency), chart.refund_payable(payment, currency), part)
        for payment, part in plan_refunds(captures, amount)
    ]
    return journal("leave_free", f"leave:{trip}:{rider}:{nth}", moves, trip=trip)


def seat_settled(
    *,
    trip: str,
    rider: str,
    driver: str,
    to_driver: int,
    back: int,
    currency: str,
    captures: Sequence[Capture],
    charged_back: Mapping[str, int] | None = None,
    kind: str = "settle_seat",
) -> Journal | None:
    """Distribute the price of a paid seat in a planned ride (R5); its kind says why it went so.

    What goes back goes to those who paid it, each the same part of theirs.

    Parameters
    ----------
    captures
        What was paid.
    charged_back
        What of these payments the payer's bank took back meanwhile. It counts as gone back; what
        it is more than that, the rider owes us, and the driver gets their due all the same: as if
        the bank had been a minute slower (R12).
    """
    from_escrow, owed = chart.escrow(trip, rider, currency), chart.payable(driver, currency)
    taken = charged_back or {}
    shares = dict(share_refund(captures, back, currency))
    debt = sum(max(0, amount - shares.get(payment, 0)) for payment, amount in taken.items())
    moves = [
        move(from_escrow, owed, to_driver - debt),
        move(chart.user_receivable(rider, currency), owed, debt),
        *(
            move(
                from_escrow,
                chart.refund_payable(payment, currency),
                max(0, part - taken.get(payment, 0)),
            )
            for payment, part in shares.items()
        ),
    ]
    return journal(kind, f"settle:{trip}:{rider}", moves, trip=trip)


def seat_lapsed(
    *, trip: str, rider: str, currency: str, captures: Sequence[Capture]
) -> Journal | None:
    """Give back what a sponsor paid for a seat in a planned ride that its rider never paid."""
    from_escrow = chart.escrow(trip, rider, currency)
    moves = [
        move(from_escrow, chart.refund_payable(one.payment, currency), one.remaining)
        for one in captures
    ]
    return journal("lapse_seat", f"lapse:{trip}", moves, trip=trip)


def refund_confirmed(
    *, refund: str, payment: str, provider: str, amount: int, currency: str
) -> Journal | None:
    """Record that a provider gave money back."""
    legs = move(
        chart.refund_payable(payment, currency), chart.pg_receivable(provider, currency), amount
    )
    return journal("refund", f"refund:{refund}", [legs])


def payout_sent(*, payout: str, person: str, amount: int, currency: str) -> Journal | None:
    """Record that somebody is being paid out (R12)."""
    transit = chart.shared(AccountKind.PAYOUT_IN_TRANSIT, currency)
    legs = move(chart.payable(person, currency), transit, amount)
    return journal("payout", f"payout:{payout}", [legs])


def payout_arrived(*, payout: str, amount: int, currency: str) -> Journal | None:
    """Record that the bank's statement shows a payout."""
    transit = chart.shared(AccountKind.PAYOUT_IN_TRANSIT, currency)
    legs = move(transit, chart.shared(AccountKind.BANK, currency), amount)
    return journal("payout_arrived", f"payout_arrived:{payout}", [legs])


def payout_bounced(*, payout: str, person: str, amount: int, currency: str) -> Journal | None:
    """Record that a payout came back: it is owed again (R12)."""
    transit = chart.shared(AccountKind.PAYOUT_IN_TRANSIT, currency)
    legs = move(transit, chart.payable(person, currency), amount)
    return journal("payout_bounced", f"payout_bounced:{payout}", [legs])


def provider_paid(
    *, statement: str, provider: str, gross: int, fee: int, currency: str
) -> Journal | None:
    """Record that a provider handed over what it took, less its fee."""
    receivable = chart.pg_receivable(provider, currency)
    moves = [
        move(chart.shared(AccountKind.BANK, currency), receivable, gross - fee),
        move(chart.shared(AccountKind.PG_FEE, currency), receivable, fee),
    ]
    return journal("provider_paid", f"provider_paid:{provider}:{statement}", moves)


def carried_over(
    *, seat: str, before: str, after: str, rider: str, amount: int, currency: str
) -> Journal | None:
    """Record that a rider's seat moved to another taxi, and what they prepaid with it."""
    legs = move(chart.escrow(before, rider, currency), chart.escrow(after, rider, currency), amount)
    return journal("carried_over", f"carried_over:{seat}:{after}", [legs], trip=after)


def charged_back(
    *,
    chargeback: str,
    provider: str,
    trip: str,
    person: str,
    amount: int,
    in_escrow: int,
    owed: int,
    currency: str,
) -> Journal | None:
    """Record that a provider took a payment back from us (R12).

    First what still lies in escrow for the person, then what we owe them; the rest they owe us.
    No account of theirs falls below nothing.

    Parameters
    ----------
    in_escrow, owed : int
        What is available on those two accounts of the person.
    """
    from_escrow = min(amount, in_escrow)
    from_payable = min(amount - from_escrow, owed)
    receivable = chart.pg_receivable(provider, currency)
    moves = [
        move(chart.escrow(trip, person, currency), receivable, from_escrow),
        move(chart.payable(person, currency), receivable, from_payable),
        move(
            chart.user_receivable(person, currency), receivable, amount - from_escrow - from_payable
        ),
    ]
    return journal("chargeback", f"chargeback:{chargeback}", moves, trip=trip)


def chargeback_returned(
    *, chargeback: str, provider: str, trip: str, person: str, amount: int, debt: int, currency: str
) -> Journal | None:
    """Record that a chargeback was decided for us, and the provider gave the money back (R12).

    It ends what the person owes us for it; the rest we owe them, as they have paid it twice.

    Parameters
    ----------
    debt : int
        What the person still owes us.
    """
    ends = min(amount, debt)
    receivable = chart.pg_receivable(provider, currency)
    moves = [
        move(receivable, chart.user_receivable(person, currency), ends),
        move(receivable, chart.payable(person, currency), amount - ends),
    ]
    return journal("chargeback_returned", f"chargeback_returned:{chargeback}", moves, trip=trip)


def dispute_won(
    *, dispute: str, trip: str, host: str, payment: str, amount: int, currency: str
) -> Journal | None:
    """Give a disputed share back to its rider, from what the host was to get (R11).

    One journal for each payment by which it goes back.
    """
    legs = move(chart.payable(host, currency), chart.refund_payable(payment, currency), amount)
    return journal("dispute_won", f"dispute:{dispute}:{payment}", [legs], trip=trip)


def fee_returned(
    *, contest: str, trip: str, driver: str, payment: str, amount: int, currency: str
) -> Journal | None:
    """Give a fee for a seat back to who paid it, from what the driver was to get (R11).

    One journal for each payment by which it goes back.
    """
    legs = move(chart.payable(driver, currency), chart.refund_payable(payment, currency), amount)
    return journal("fee_returned", f"fee_returned:{contest}:{payment}", [legs], trip=trip)


def penalty_returned(
    *, dispute: str, trip: str, payment: str, amount: int, currency: str
) -> Journal | None:
    """Give a penalty back from the fund to somebody who had come after all (R11)."""
    fund = chart.shared(AccountKind.PENALTY_FUND, currency)
    legs = move(fund, chart.refund_payable(payment, currency), amount)
    return journal("penalty_returned", f"penalty_returned:{dispute}:{payment}", [legs], trip=trip)


def rewarded(
    *, reward: str, budget: str, person: str, amount: int, currency: str, trip: str = ""
) -> Journal | None:
    """Pay a reward from a sponsor's budget (R14)."""
    legs = move(chart.sponsor(budget, currency), chart.payable(person, currency), amount)
    return journal("reward", f"reward:{reward}", [legs], trip=trip)


def reward_taken_back(
    *, reward: str, budget: str, person: str, amount: int, currency: str, trip: str = ""
) -> Journal | None:
    """Put a reward back into the budget, as far as it is still owed to the person."""
    legs = move(chart.payable(person, currency), chart.sponsor(budget, currency), amount)
    return journal("reward_back", f"reward_back:{reward}", [legs], trip=trip)


def sponsor_funded(*, deposit: str, budget: str, amount: int, currency: str) -> Journal | None:
    """Record that a sponsor gave money."""
    bank = chart.shared(AccountKind.BANK, currency)
    return journal(
        "sponsor_funded",
        f"sponsor_funded:{deposit}",
        [move(bank, chart.sponsor(budget, currency), amount)],
    )


def fare_sponsored(
    *, grant: str, budget: str, trip: str, rider: str, amount: int, currency: str
) -> Journal | None:
    """Let a sponsor pay (a part of) somebody's prepayment."""
    legs = move(chart.sponsor(budget, currency), chart.escrow(trip, rider, currency), amount)
    return journal("sponsor_fare", f"sponsor_fare:{grant}", [legs], trip=trip)


def unexplained(*, op_key: str, account: Account, amount: int) -> Journal | None:
    """Put what nobody can explain yet into suspense, where an alarm watches its age.

    ``amount`` is signed as in a leg on ``account``.
    """
    suspense = chart.shared(AccountKind.SUSPENSE, account.currency)
    if amount < 0:
        return journal("unexplained", op_key, [move(suspense, account, -amount)])
    return journal("unexplained", op_key, [move(account, suspense, amount)])
