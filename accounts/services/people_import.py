"""A manager enters the organization's people from a table, as a directory would by SCIM.

Each line is one person, known by their address: entered when new, changed when known, and taken
out when ``active`` says no. The same table may be imported again at any time.
"""

import csv
import io
from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import EmailDomain, Member, MemberRole, Organization
from accounts.permissions import Act, is_manager, may
from accounts.selectors import require_manager
from accounts.services.membership import register_member
from accounts.services.people import remove_member
from carpool.kernel.errors import InvalidInput

MOST_PEOPLE = 5000
MOST_CHARACTERS = 1_000_000
NO_WORDS = frozenset({"no", "false", "0", "n"})
YES_WORDS = frozenset({"", "yes", "true", "1", "y"})
ROLES = {"": None, "member": MemberRole.MEMBER, "manager": MemberRole.MANAGER}


@dataclass(frozen=True, slots=True)
class PersonLine:
    """One line of the table: what it asks for, what will happen, or why nothing can."""

    number: int
    email: str
    name: str
    role: str | None
    is_active: bool
    member: Member | None
    error: str = ""

    @property
    def outcome(self) -> str:
        """What importing the line does: enter, readmit, change, remove, nothing or error."""
        if self.error:
            return "error"
        if self.member is None:
            return "enter" if self.is_active else "nothing"
        if not self.is_active:
            return "remove" if self.member.left_at is None else "nothing"
        if self.member.left_at is not None:
            return "readmit"
        same_name = self.name in {"", self.member.display_name}
        same_role = self.role in {None, self.member.role}
        return "nothing" if same_name and same_role else "change"


def read_people(*, by: Member, text: str) -> list[PersonLine]:
    """Read the table and tell of each line what importing it would do.

    Raises:
        ManagersOnly: the asker does not steer the organization.
        InvalidInput: it is no table, has no e-mail column, or is too long (names ``table``).
    """
    require_manager(by)
    rows = _rows(text)
    emails = [row["email"].lower() for row in rows]
    counts = Counter(emails)
    members = Member.objects.select_related("user").filter(
        organization=by.organization_id, user__email__in=emails
    )
    known = {member.user.email: member for member in members}
    domains = set(
        EmailDomain.objects.filter(organization=by.organization_id).values_list("domain", flat=True)
    )
    lines = []
    for number, (row, email) in enumerate(zip(rows, emails, strict=True), start=2):
        member = known.get(email)
        error = _("The address stands here twice.") if email and counts[email] > 1 else ""
        error = error or _fault_of_address(email, domains) or _fault_of_words(row, member, by)
        lines.append(
            PersonLine(
                number=number,
                email=email,
                name=row["name"],
                role=ROLES.get(row["role"].lower()),
                is_active=row["active"].lower() not in NO_WORDS,
                member=member,
                error=error,
            )
        )
    return lines


def _rows(text: str) -> list[dict[str, str]]:
    """Split the table into rows with all of our columns, empty where there is nothing."""
    if len(text) > MOST_CHARACTERS:
        raise _unfit(_("The table is too long."))
    head = text.lstrip("\ufeff").partition("\n")[0]
    delimiter = max(",;\t", key=head.count)
    try:
        table = list(csv.reader(io.StringIO(text.lstrip("\ufeff")), delimiter=delimiter))
    except csv.Error as error:
        raise _unfit(_("This is not a table that we can read.")) from error
    columns = [name.strip().lower() for name in table[0]] if table else []
    if "email" not in columns:
        raise _unfit(_("The first line must name the columns; one of them is “email”."))
    filled = [row for row in table[1:] if any(cell.strip() for cell in row)]
    if not filled or len(filled) > MOST_PEOPLE:
        raise _unfit(_("A table has between one and five thousand people."))
    empty = dict.fromkeys(("email", "name", "role", "active"), "")
    return [
        empty | {name: cell.strip() for name, cell in zip(columns, row, strict=False)}
        for row in filled
    ]


def _unfit(text: str) -> InvalidInput:
    return InvalidInput(text, field="table")


def _fault_of_address(email: str, domains: set[str]) -> str:
    try:
        validate_email(email)
    except ValidationError:
        return _("This is no e-mail address.")
    if email.rpartition("@")[2] not in domains:
        return _("The address is in none of your organization's domains.")
    return ""


def _fault_of_words(row: dict[str, str], member: Member | None, by: Member) -> str:
    active, role = row["active"].lower(), row["role"].lower()
    if len(row["name"]) > 80 or "\x00" in row["name"]:
        return _("The name is too long.")
    if active not in NO_WORDS | YES_WORDS:
        return _("“active” is yes or no.")
    if role not in ROLES:
        return _("A role is “member” or “manager”.")
    if member is None:
        is_steering = ROLES[role] == MemberRole.MANAGER and not may(by, Act.CHANGE_ROLE)
        return _("Only an owner appoints managers and takes them out.") if is_steering else ""
    is_off = active in NO_WORDS
    if not may(by, Act.CHANGE_ROLE) and (
        (is_off and is_manager(member)) or ROLES[role] not in {None, member.role}
    ):
        return _("Only an owner appoints managers and takes them out.")
    if member.pk == by.pk and (is_off or ROLES[role] == MemberRole.MEMBER):
        return _("You cannot take yourself out.")
    if member.role == MemberRole.OWNER and (is_off or role):
        return _("An owner is not changed by a table.")
    return ""


@transaction.atomic
def import_people(*, by: Member, text: str, now: datetime) -> Counter[str]:
    """Do what ``read_people`` foretold, leaving out lines with errors; count the outcomes.

    Raises:
        ManagersOnly, InvalidInput: as ``read_people``.
    """
    Organization.objects.select_for_update().get(pk=by.organization_id)
    done: Counter[str] = Counter()
    for line in read_people(by=by, text=text):
        _do(line, by=by, now=now)
        done[line.outcome] += 1
    return done


def _do(line: PersonLine, *, by: Member, now: datetime) -> None:
    if line.outcome == "enter":
        register_member(
            organization=by.organization,
            email=line.email,
            display_name=line.name,
            role=line.role or MemberRole.MEMBER,
        )
    elif line.outcome == "remove":
        assert line.member is not None
        remove_member(by=by, person_id=line.member.pk, reason="", now=now)
    elif line.outcome in {"change", "readmit"}:
        assert line.member is not None
        line.member.left_at = None
        line.member.display_name = line.name or line.member.display_name
        line.member.role = line.role or line.member.role
        line.member.save(update_fields=["left_at", "display_name", "role"])
