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
    Answer,
    CarpoolProposal,
    ClosedBecause,
    ProposalSeat,
    ProposalState,
)
from matching.models.ranking import RankingPolicy
from matching.models.runs import (
    RUN_TRANSITIONS,
    AssignmentRun,
    Outcome,
    RunCommuter,
    RunPart,
    RunState,
)
from matching.models.studies import (
    STUDY_TRANSITIONS,
    Study,
    StudyState,
    StudyUpload,
)

__all__ = [
    "PROPOSAL_TRANSITIONS",
    "RUN_TRANSITIONS",
    "STUDY_TRANSITIONS",
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
    "RankingPolicy",
    "RunCommuter",
    "RunPart",
    "RunState",
    "Study",
    "StudyState",
    "StudyUpload",
    "Weekday",
]
