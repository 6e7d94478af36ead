"""The tables of the ledger. Amounts are bigints in minor units."""

from payments.models.chargebacks import Chargeback
from payments.models.fares import (
    DISPUTE_TRANSITIONS,
    TOP_UP_TRANSITIONS,
    Dispute,
    DisputeState,
    Fare,
    FareShare,
    FareState,
    LockedFare,
    TopUp,
    TopUpReason,
    TopUpState,
)
from payments.models.fee_contests import FEE_CONTEST_TRANSITIONS, FeeContest, FeeContestState
from payments.models.holds import HOLD_TRANSITIONS, Hold, HoldState
from payments.models.incentives import (
    INCENTIVE_TRANSITIONS,
    GivenTo,
    Incentive,
    IncentiveState,
    IncentiveStep,
)
from payments.models.ledger import Journal, JournalEntry, LedgerAccount, LedgerBalance, TripClosing
from payments.models.manual import MANUAL_TRANSITIONS, ManualJournal, ManualState
from payments.models.payments import (
    INTENT_TRANSITIONS,
    BankOperation,
    IntentPurpose,
    IntentState,
    IntentStep,
    Payment,
    PaymentIntent,
    WebhookNotice,
)
from payments.models.payouts import PAYOUT_TRANSITIONS, Payout, PayoutAccount, PayoutState
from payments.models.rewards import CountedTrip, Reward, TakenBackFor
from payments.models.ride_fares import RIDE_FARE_TRANSITIONS, RideFare, RideFareState
from payments.models.seats import SeatPrice
from payments.models.sponsors import (
    SPONSOR,
    BudgetFor,
    SponsorBudget,
    SponsorDeposit,
    SponsorGrant,
)
from payments.models.statements import BreakKind, StatementBreak, StatementRun
from payments.models.tariffs import LegalTerms, TaxiTariff

__all__ = [
    "DISPUTE_TRANSITIONS",
    "FEE_CONTEST_TRANSITIONS",
    "HOLD_TRANSITIONS",
    "INCENTIVE_TRANSITIONS",
    "INTENT_TRANSITIONS",
    "MANUAL_TRANSITIONS",
    "PAYOUT_TRANSITIONS",
    "RIDE_FARE_TRANSITIONS",
    "SPONSOR",
    "TOP_UP_TRANSITIONS",
    "BankOperation",
    "BreakKind",
    "BudgetFor",
    "Chargeback",
    "CountedTrip",
    "Dispute",
    "DisputeState",
    "Fare",
    "FareShare",
    "FareState",
    "FeeContest",
    "FeeContestState",
    "GivenTo",
    "Hold",
    "HoldState",
    "Incentive",
    "IncentiveState",
    "IncentiveStep",
    "IntentPurpose",
    "IntentState",
    "IntentStep",
    "Journal",
    "JournalEntry",
    "LedgerAccount",
    "LedgerBalance",
    "LegalTerms",
    "LockedFare",
    "ManualJournal",
    "ManualState",
    "Payment",
    "PaymentIntent",
    "Payout",
    "PayoutAccount",
    "PayoutState",
    "Reward",
    "RideFare",
    "RideFareState",
    "SeatPrice",
    "SponsorBudget",
    "SponsorDeposit",
    "SponsorGrant",
    "StatementBreak",
    "StatementRun",
    "TakenBackFor",
    "TaxiTariff",
    "TopUp",
    "TopUpReason",
    "TopUpState",
    "TripClosing",
    "WebhookNotice",
]
