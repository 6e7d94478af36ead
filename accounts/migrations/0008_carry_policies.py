from django.db import migrations

# Name: the value that was and is the default, and what the rule takes.
COLUMNS = {
    "default_detour_s": (600, 0, 7200),
    "default_walk_m": (800, 0, 5000),
    "boarding_s": (60, 0, 600),
    "stop_leeway_s": (300, 0, 3600),
    "confirm_within_s": (43200, 900, 604800),
    "booking_horizon_days": (60, 1, 366),
}
WEIGHTS = ("riding", "walking", "shift", "detour", "price_minor_per_km")
WHOLE = ("unreliable_s", "time_value_minor_per_h")


def carry_over(apps, _editor):
    """Bring what organizations chose, and who changed it, into the one place for it."""
    organization_model = apps.get_model("accounts", "Organization")
    ranking_model = apps.get_model("matching", "RankingPolicy")
    change_model = apps.get_model("accounts", "PolicyChange")
    for organization in organization_model.objects.all():
        own = {
            name: max(least, min(most, getattr(organization, name)))
            for name, (default, least, most) in COLUMNS.items()
            if getattr(organization, name) != default
        }
        ranking = ranking_model.objects.filter(organization=organization).first()
        for name in (*WEIGHTS, *WHOLE) if ranking else ():
            value, default = getattr(ranking, name), ranking._meta.get_field(name).default
            is_default = value is None or value == default
            if not is_default:
                own[name] = str(value) if name in WEIGHTS else value
        organization.own_policies = own
        organization.save(update_fields=["own_policies"])
        for change in ranking.changes.all() if ranking else ():
            change_model.objects.create(
                organization=organization,
                at=change.at,
                by=change.by,
                name=change.field,
                before=change.before,
                after=change.after,
            )


def carry_back(apps, _editor):
    """Put the values back where they were; the history of rankings goes back, too."""
    ranking_model = apps.get_model("matching", "RankingPolicy")
    ranking_change_model = apps.get_model("matching", "RankingChange")
    for organization in apps.get_model("accounts", "Organization").objects.all():
        own = organization.own_policies
        for name in COLUMNS:
            if name in own:
                setattr(organization, name, own[name])
        organization.save(update_fields=list(COLUMNS))
        ranking = {name: own[name] for name in (*WEIGHTS, *WHOLE) if name in own}
        changes = organization.policy_changes.filter(name__in=(*WEIGHTS, *WHOLE))
        if ranking or changes.exists():
            policy = ranking_model.objects.create(organization=organization, **ranking)
            for change in changes:
                ranking_change_model.objects.create(
                    policy=policy,
                    at=change.at,
                    by=change.by,
                    field=change.name,
                    before=change.before,
                    after=change.after,
                )


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0007_own_policies"),
        ("matching", "0005_what_a_run_maximized"),
    ]

    operations = [migrations.RunPython(carry_over, carry_back)]
