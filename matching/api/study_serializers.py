"""What an upload is, and what a study says."""

from typing import Any

from drf_spectacular.utils import extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from matching.api import study_examples
from matching.models import Study
from matching.selectors.studies import explain_problem, list_problems
from matching.services.studies import MOST_NAME


@extend_schema_serializer(examples=[study_examples.UPLOAD])
class StudyUploadSerializer(serializers.Serializer[Any]):
    """A table of commutes."""

    name = serializers.CharField(max_length=MOST_NAME)
    file = serializers.FileField(
        allow_empty_file=True,
        help_text=(
            "CSV with a header. home_latitude and home_longitude, or home_address; site, or "
            "work_latitude and work_longitude; arrival; if you like departure, car, seats"
        ),
    )
    workdays = serializers.IntegerField(
        default=220, min_value=1, max_value=366, help_text="Days at work a year"
    )


class CountSerializer(serializers.Serializer[Any]):
    """A count of people, rounded to a multiple of five."""

    n = serializers.IntegerField()
    bound = serializers.ChoiceField(
        choices=["", "at_least", "at_most"], help_text="Empty: the count itself"
    )


class BandSerializer(serializers.Serializer[Any]):
    """People between two values: kilometres, or minutes of the day."""

    start = serializers.IntegerField()
    end = serializers.IntegerField(allow_null=True, help_text="Null: and more")
    people = serializers.IntegerField()


class StudyPointSerializer(serializers.Serializer[Any]):
    """A public place and how many people of the neighbourhood can walk to it."""

    label = serializers.CharField()  # type: ignore[assignment]
    lon = serializers.FloatField()
    lat = serializers.FloatField()
    people = serializers.IntegerField()


class AreaSerializer(StudyPointSerializer):
    """A neighbourhood; its point is the centre of a 500 m cell."""

    mean_km = serializers.IntegerField(help_text="To work, on average")
    points = StudyPointSerializer(many=True)


class FiguresSerializer(serializers.Serializer[Any]):
    """Figures of a study. A count that is null is of fewer than five people."""

    k = serializers.IntegerField(help_text="No count is about fewer people than this")
    people = serializers.IntegerField()
    one_partner = CountSerializer(allow_null=True, help_text="Could share with somebody")
    three_partners = CountSerializer(allow_null=True, help_text="With three people or more")
    cars_today = CountSerializer(allow_null=True)
    cars_stay = CountSerializer(
        allow_null=True, help_text="Could stay at home: as many parking spaces are freed"
    )
    mean_km = serializers.FloatField(help_text="To work, on average")
    driven_km = serializers.FloatField(help_text="By car a day, both ways")
    saved_km = serializers.FloatField(help_text="A day; 0 when cars_stay is null")
    saved_km_year = serializers.FloatField()
    saved_co2_kg_year = serializers.IntegerField()
    co2_g_per_km = serializers.IntegerField()
    workdays = serializers.IntegerField()
    detour_s = serializers.IntegerField(help_text="That drivers are taken to accept")
    slack_s = serializers.IntegerField(help_text="How much earlier people leave, at most")
    walk_m = serializers.IntegerField(help_text="To a meeting point")
    most_in_a_car = serializers.IntegerField()
    distances = BandSerializer(many=True)
    leaves_home = BandSerializer(many=True)
    leaves_work = BandSerializer(many=True)
    areas = AreaSerializer(many=True)
    elsewhere = serializers.IntegerField(help_text="People in no neighbourhood that is shown")


class StudyProblemSerializer(serializers.Serializer[Any]):
    """A row that was left out."""

    line = serializers.IntegerField()
    column = serializers.CharField()
    code = serializers.CharField()
    detail = serializers.SerializerMethodField()

    def get_detail(self, problem: Any) -> str:
        """Say in words what is wrong."""
        return explain_problem(problem)


class StudyInListSerializer(serializers.ModelSerializer[Study]):
    """A study without its figures."""

    class Meta:
        model = Study
        fields: tuple[str, ...] = (
            "id",
            "name",
            "state",
            "progress",
            "rows",
            "problem_count",
            "created_at",
            "finished_at",
        )
        read_only_fields: tuple[str, ...] = fields


@extend_schema_serializer(examples=[study_examples.DONE])
class StudySerializer(StudyInListSerializer):
    """A study, with its figures once it is done."""

    problems = serializers.SerializerMethodField(help_text="The first rows that were left out")
    error = serializers.CharField(help_text="Why it failed, as a code; else empty")
    result = FiguresSerializer(allow_null=True)

    class Meta(StudyInListSerializer.Meta):
        fields = (*StudyInListSerializer.Meta.fields, "problems", "error", "result")
        read_only_fields = fields

    @extend_schema_field(StudyProblemSerializer(many=True))
    def get_problems(self, study: Study) -> list[dict[str, Any]]:
        """List the first rows that were left out, by line."""
        return list(StudyProblemSerializer(list_problems(study), many=True).data)
