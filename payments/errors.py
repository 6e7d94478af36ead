"""What can go wrong with money. Each error names the fact."""

from django.utils.translation import gettext_lazy as _

from carpool.kernel.errors import Conflict, Forbidden, InvalidInput, NotFound


class InsufficientFunds(Conflict):
    """The account has less than that available."""

    code = "insufficient_funds"
    title = _("There is not enough money for this")


class OperationKeyReused(Conflict):
    """The key already stands for another movement."""

    code = "operation_key_reused"
    title = _("This has already been booked, with other amounts")


class HoldNotFound(NotFound):
    """No such hold."""

    code = "hold_not_found"
    title = _("This reservation does not exist")


class HoldClosed(Conflict):
    """The hold was captured, released, or has run out; that happens once."""

    code = "hold_closed"
    title = _("This reservation has already ended")


class TripNotSettled(Conflict):
    """Money of the trip's riders is still in escrow."""

    code = "trip_not_settled"
    title = _("Not all money of this trip is settled yet")


class ProviderUnknown(InvalidInput):
    """The provider is not switched on here."""

    code = "provider_unknown"
    title = _("This way to pay is not available")


class RefundNotOwed(Conflict):
    """Nothing, or less than that, is owed back on this payment."""

    code = "refund_not_owed"
    title = _("Less than this is to be paid back")


class PaymentNotFound(NotFound):
    """No such payment."""

    code = "payment_not_found"
    title = _("This payment does not exist")


class ReturnNotOurs(InvalidInput):
    """What a payer brought back is about another payment or another amount."""

    code = "return_not_ours"
    title = _("This is not about your payment. Nothing was taken")


class NoTariff(Conflict):
    """What a taxi costs there and then is not known, and a wrong price is worse than none."""

    code = "no_tariff"
    title = _("Nobody knows what a taxi costs there")


class AboveConsent(Conflict):
    """Somebody would pay more than they agreed to."""

    code = "above_consent"
    title = _("With this drop-off others would pay more than they agreed to")


class NothingToPay(Conflict):
    """The fare comes to nothing; then something is wrong with it."""

    code = "nothing_to_pay"
    title = _("This fare comes to nothing")


class BudgetNotFound(NotFound):
    """No such budget."""

    code = "budget_not_found"
    title = _("This budget does not exist")


class AnotherBudgetOpen(Conflict):
    """An organization pays from one budget at a time."""

    code = "another_budget_open"
    title = _("Another budget is open. Close it first: an organization pays from one at a time")


class BudgetEndsFirst(InvalidInput):
    """A budget whose last day is before its first."""

    code = "budget_ends_first"
    title = _("It would end before it begins.")


class NoKindOfTrip(InvalidInput):
    """A budget that pays for nothing."""

    code = "no_kind_of_trip"
    title = _("Choose at least one kind of trip")


class BudgetForNobody(InvalidInput):
    """A budget for certain sites, of which none is chosen."""

    code = "budget_for_nobody"
    title = _("Choose at least one site")


class TooFewPeople(InvalidInput):
    """A budget for so few people that its sums would tell when one of them travelled."""

    code = "too_few_people"
    title = _("Name at least five people, so that no sum tells when one of them travelled")


class SiteUnknown(InvalidInput):
    """A site that is not the organization's."""

    code = "site_unknown"
    title = _("Your organization has no such site")


class PeopleUnknown(InvalidInput):
    """Somebody who is not in the organization."""

    code = "people_unknown"
    title = _("Nobody in your organization is called so")


class SponsorPaysLess(Conflict):
    """The budget gives less than was shown: it, or this month's amount, has been used meanwhile."""

    code = "sponsor_pays_less"
    title = _("Your organization pays less of this than was shown; please look at the price again")


class PriceChanged(Conflict):
    """What was shown is not what it costs now."""

    code = "price_changed"
    title = _("The price has changed; please look again")


class TopUpNotFound(NotFound):
    """No such question for this person."""

    code = "top_up_not_found"
    title = _("Nobody asks you for this")


class TopUpClosed(Conflict):
    """It has been answered, or is needed no longer."""

    code = "top_up_closed"
    title = _("This has been answered, or is no longer needed")


class FareOutOfRange(InvalidInput):
    """No taxi costs that; a digit too many, most likely."""

    code = "fare_out_of_range"
    title = _("That is far from what such a taxi costs; please look at the receipt again")


class FareEntered(Conflict):
    """The fare has been entered, and somebody has paid for it."""

    code = "fare_entered"
    title = _("The fare has been entered already")


class ReceiptMissing(InvalidInput):
    """A fare comes with a picture of its receipt."""

    code = "receipt_missing"
    title = _("A photo of the receipt is needed")


class ReceiptRefused(InvalidInput):
    """The upload is no picture that we can read."""

    code = "receipt_refused"
    title = _("This is not a JPEG, PNG or WebP picture")


class ReceiptTooLarge(InvalidInput):
    """The upload is too large."""

    code = "receipt_too_large"
    title = _("The picture is larger than 5 MB or 40 million pixels")


class FareNotFound(NotFound):
    """No such fare for this person."""

    code = "fare_not_found"
    title = _("This fare does not exist, or is not shared with you")


class RideFareNotFound(NotFound):
    """No such booking of this person that costs something."""

    code = "ride_fare_not_found"
    title = _("There is nothing to pay for this")


class SeatPaid(Conflict):
    """The seat is paid for, or not kept any more."""

    code = "seat_paid"
    title = _("This seat is paid for already, or not kept any more")


class DisputeClosed(Conflict):
    """Nothing to object to, or too late, or it has been decided."""

    code = "dispute_closed"
    title = _("There is nothing to object to any more")


class NoFeeToContest(Conflict):
    """No fee was taken, or it is too late, or it has been contested or decided."""

    code = "no_fee_to_contest"
    title = _("There is no fee to object to, or not any more")


class PayoutEnded(Conflict):
    """A transfer arrives or comes back once."""

    code = "payout_ended"
    title = _("This transfer has already ended")


class StatementNotFound(NotFound):
    """No such month."""

    code = "statement_not_found"
    title = _("There is no such month")


class ReceiptNotFound(NotFound):
    """Nothing was paid for such a trip by this person."""

    code = "receipt_not_found"
    title = _("There is no receipt for this")


class AccountNumberInvalid(InvalidInput):
    """No account has this number: a digit is wrong, or missing."""

    code = "account_number_invalid"
    title = _("This is not an account number; please look at it again")


class AccountUnknown(InvalidInput):
    """No such account in these books."""

    code = "account_unknown"
    title = _("These books have no such account")


class ManualJournalNotFound(NotFound):
    """No such proposal."""

    code = "manual_journal_not_found"
    title = _("There is no such proposal")


class ManualJournalClosed(Conflict):
    """It has been posted or refused."""

    code = "manual_journal_closed"
    title = _("This proposal has been decided already")


class DepositNotFound(NotFound):
    """No such deposit."""

    code = "deposit_not_found"
    title = _("This deposit does not exist")


class DepositClosed(Conflict):
    """It has been posted or refused."""

    code = "deposit_closed"
    title = _("This deposit has been decided already")


class SamePersonDecides(Forbidden):
    """Who proposed a movement does not post it."""

    code = "same_person_decides"
    title = _("Somebody else has to post what you proposed")


class IncentiveNotFound(NotFound):
    """No such incentive in this organization."""

    code = "incentive_not_found"
    title = _("This incentive does not exist")


class IncentiveNotInState(Conflict):
    """Its state does not allow this step."""

    code = "incentive_not_in_state"
    title = _("In its state this incentive cannot do that")


class IncentiveNotTried(Conflict):
    """It has to be tried on past trips before it is switched on."""

    code = "incentive_not_tried"
    title = _("Try it on past trips before you switch it on")


class IncentiveGivesNothing(InvalidInput):
    """No amount, or one that nobody gets."""

    code = "incentive_gives_nothing"
    title = _("Enter an amount that somebody gets")


class IncentiveEndsFirst(InvalidInput):
    """Its last day is before its first."""

    code = "incentive_ends_first"
    title = _("It would end before it begins.")


class IncentiveHoursIncomplete(InvalidInput):
    """Hours have a beginning and an end, or there are none."""

    code = "incentive_hours_incomplete"
    title = _("Enter both times, or neither")


class IncentiveOnNoDay(InvalidInput):
    """No day of the week is chosen."""

    code = "incentive_on_no_day"
    title = _("Choose at least one day of the week.")


class RewardNotFound(NotFound):
    """No such reward in this organization."""

    code = "reward_not_found"
    title = _("This reward does not exist")


class RewardTakenBack(Conflict):
    """A reward is taken back once."""

    code = "reward_taken_back"
    title = _("This reward was taken back before")


class RewardIsFinal(Conflict):
    """The time to take it back is over."""

    code = "reward_is_final"
    title = _("After 30 days a reward stays with its person")
