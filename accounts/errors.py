"""What can go wrong with people and what they own."""

from django.utils.translation import gettext_lazy as _

from carpool.kernel.errors import Conflict, DomainError, Forbidden, NotFound


class NoMembership(Forbidden):
    """The person is signed in, but belongs to no organization."""

    code = "no_membership"
    title = _("You do not belong to an organization yet")


class CarNotFound(NotFound):
    """No such car among one's own."""

    code = "car_not_found"
    title = _("You have no such car")


class PlaceNotFound(NotFound):
    """No such place among one's own."""

    code = "place_not_found"
    title = _("You have no such place")


class CarPlateTaken(Conflict):
    """A member lists each car once."""

    code = "car_plate_taken"
    title = _("You already have a car with this plate")


class EmailDomainTaken(Conflict):
    """Each e-mail domain stands for one organization."""

    code = "email_domain_taken"
    title = _("This e-mail domain belongs to another organization")


class MemberNotFound(NotFound):
    """Nobody of that id in one's own organization."""

    code = "member_not_found"
    title = _("There is no such person in your organization")


class OnlyOthers(Conflict):
    """A person is neither blocked nor reported by themselves."""

    code = "only_others"
    title = _("This is about other people, not about yourself")


class TooManyAvoidedPlaces(Conflict):
    """Who avoids everything finds nothing."""

    code = "too_many_avoided_places"
    title = _("You can avoid up to 20 places")


class InvitationNotFound(NotFound):
    """The organization has no such invitation."""

    code = "invitation_not_found"
    title = _("There is no such invitation")


class InvitationNotValid(NotFound):
    """The link opens nothing (any more); why is not told to strangers."""

    code = "invitation_not_valid"
    title = _("This invitation does not work any more. Ask for a new one.")


class IssuerNotFound(NotFound):
    """The organization has not set up an identity provider."""

    code = "issuer_not_found"
    title = _("Your organization has no sign-in of its own here")


class ManagersOnly(Forbidden):
    """Only those who steer an organization decide how its people come in."""

    code = "managers_only"
    title = _("Only your organization's managers may do this")


class SiteNotKnown(NotFound):
    """The organization has no such site."""

    code = "site_not_known"
    title = _("Your organization has no such site")


class SiteNameTaken(Conflict):
    """People choose sites by their names."""

    code = "site_name_taken"
    title = _("There is a site of that name already")


class PartnershipNotFound(NotFound):
    """The organization has no such partnership."""

    code = "partnership_not_found"
    title = _("There is no such partnership")


class OnlyTheInvited(Forbidden):
    """An invitation is accepted by the other side."""

    code = "only_the_invited"
    title = _("The other organization accepts")


class OwnersOnly(Forbidden):
    """Who steers an organization, and with whom it shares, its owners decide."""

    code = "owners_only"
    title = _("Only your organization's owners may do this")


class LastOwner(Conflict):
    """An organization without an owner could never be steered again."""

    code = "last_owner"
    title = _("Make somebody else an owner first: nobody would own the organization")


class NotInside(Conflict):
    """The person has left the organization."""

    code = "not_inside"
    title = _("This person is not in your organization any more")


class RemovedByNobody(Conflict):
    """Nobody takes themselves out by accident; leaving is a page of its own."""

    code = "removed_by_nobody"
    title = _("You cannot take yourself out here. Leave the organization instead.")


class TooManyReports(DomainError):
    """The moderators' queue is not flooded by one person."""

    code = "too_many_reports"
    status = 429
    title = _("You reported a lot today. If somebody is in danger, call for help.")


class ReportNotFound(NotFound):
    """There is no such report."""

    code = "report_not_found"
    title = _("There is no such report")


class ReportDecided(Conflict):
    """What was acted upon is not dismissed any more."""

    code = "report_decided"
    title = _("This report was acted upon already")


class NotAMessage(Conflict):
    """Only a message can be hidden."""

    code = "not_a_message"
    title = _("This report is not about a message")


class ExportNotFound(NotFound):
    """No such file of one's own, or not any more."""

    code = "export_not_found"
    title = _("This file is not there any more. Ask for a new one.")


class ExportTooSoon(DomainError):
    """Gathering everything takes a while; once an hour is enough."""

    code = "export_too_soon"
    status = 429
    title = _("You asked for your data less than an hour ago")


class LinkNotFound(NotFound):
    """No such linked account among one's own."""

    code = "link_not_found"
    title = _("You have no such linked account")


class MergeNotFound(NotFound):
    """Nobody asked for this joining of accounts, or somebody else did."""

    code = "merge_not_found"
    title = _("You did not ask to join these accounts")


class MergeOver(Conflict):
    """The code is too old, was tried too often, or has done its work."""

    code = "merge_over"
    title = _("This code does not work any more. Ask for a new one.")


class SecondStepNeeded(Conflict):
    """A mailbox alone does not open that account, so it does not give it away either."""

    code = "second_step_needed"
    title = _("That account has a second step. Enter the code of its app too, or a recovery code.")


class PasskeyGuards(Conflict):
    """A passkey cannot be asked for here; from the other side it need not be."""

    code = "passkey_guards"
    title = _("A passkey guards that account. Sign in to it, and join this one from there.")


class OtherOrganization(Conflict):
    """One person acts for one organization at a time; one of two would be out of reach."""

    code = "other_organization"
    title = _("These accounts are in different organizations. Leave one of them first.")


class NotJoinable(Conflict):
    """Joining must neither end a suspension nor outlive a wish to be forgotten."""

    code = "not_joinable"
    title = _("One of the accounts is suspended, or waits to be forgotten")


class OperatorsApart(Forbidden):
    """An account that may use the admin neither swallows another nor is swallowed."""

    code = "operators_apart"
    title = _("Operators' accounts cannot be joined with others")


class CommunityNotFound(NotFound):
    """No community of that id is open to everybody."""

    code = "community_not_found"
    title = _("There is no such open community")


class AddressNotProven(Forbidden):
    """Who is met in a car must be reachable."""

    code = "address_not_proven"
    title = _("Prove your e-mail address first")


class AlreadyInside(Conflict):
    """One person acts for one organization at a time."""

    code = "already_inside"
    title = _("You belong to an organization already. Leave it first.")


class ShutOut(Forbidden):
    """Who was taken out does not come back by an open door."""

    code = "shut_out"
    title = _("The people who run this community must let you in again")


class NoCommunity(Conflict):
    """A company's door is its addresses, invitations and sign-in."""

    code = "no_community"
    title = _("Only a community of individuals can be open to everybody")
