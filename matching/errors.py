"""What can go wrong between finding and booking, and with plans and proposals."""

from django.utils.translation import gettext_lazy as _

from carpool.kernel.errors import Conflict, Forbidden, InvalidInput, NotFound


class OfferExpired(InvalidInput):
    """The offer that is to be booked is too old, was made for somebody else, or was altered."""

    code = "offer_expired"
    title = _("This offer is no longer valid; please search again")


class PlanNotFound(NotFound):
    """The member has not planned their week."""

    code = "plan_not_found"
    title = _("You have no commute plan yet")


class SiteNotFound(NotFound):
    """No such site of the member's organization."""

    code = "site_not_found"
    title = _("Your organization has no such site")


class ProposalNotFound(NotFound):
    """No such proposal for this person."""

    code = "proposal_not_found"
    title = _("This proposal does not exist, or is not for you")


class ProposalClosed(Conflict):
    """It was declined, ran out of time, or gave way to a newer one."""

    code = "proposal_closed"
    title = _("This proposal is no longer open")


class AlreadyAnswered(Conflict):
    """The answer has had its effect; what it made is cancelled where it is shown."""

    code = "already_answered"
    title = _("You have already answered this proposal")


class RunUnderWay(Conflict):
    """The same day and direction are being computed."""

    code = "run_under_way"
    title = _("Proposals for this day are being computed already")


class NotAManager(Forbidden):
    """Only the organization's mobility managers may."""

    code = "not_a_manager"
    title = _("Only mobility managers can do this")


class StudyNotFound(NotFound):
    """No such study of the member's organization."""

    code = "study_not_found"
    title = _("Your organization has no such study")


class StudyUnderWay(Conflict):
    """It is being computed."""

    code = "study_under_way"
    title = _("This study is being computed. Wait until it has ended.")


class StudyTooSmall(InvalidInput):
    """Fewer than five people: every figure would tell of single ones."""

    code = "study_too_small"
    title = _("A study needs at least 5 people whose way we know.")


class StudyFileUnusable(InvalidInput):
    """The file is not a table of commutes."""

    code = "study_file_unusable"
    title = _("This file is not a table that we can read.")
