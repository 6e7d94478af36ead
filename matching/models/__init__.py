"""What matching remembers."""

from matching.models.matches import Match
from matching.models.plans import (
    CommutePlan,
    CommuteRole,
    CommuteTrip,
    Direction,
    Weekday,
)
from matching.models.proposals import (
    PROPOSAL_TRANSITIONS,
    RUN_TRANSITIONS,
    Answer,
    AssignmentRun,
    CarpoolProposal,
    ClosedBecause,
    Outcome,
    ProposalSeat,
    ProposalState,
    RunCommuter,
    RunState,
)

__all__ = [
    "PROPOSAL_TRANSITIONS",
    "RUN_TRANSITIONS",
    "Answer",
    "AssignmentRun",
    "CarpoolProposal",
    "ClosedBecause",
    "CommutePlan",
    "CommuteRole",
    "CommuteTrip",
    "Direction",
    "Match",
    "Outcome",
    "ProposalSeat",
    "ProposalState",
    "RunCommuter",
    "RunState",
    "Weekday",
]
