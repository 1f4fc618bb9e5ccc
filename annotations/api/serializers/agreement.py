"""Agreement among judges, and estimates of their reliability."""

from typing import Any

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

UNDEFINED_HELP = "Null if undefined; `undefined` gives the reason."


def _share(*, allow_null: bool = False, help_text: str = "") -> serializers.FloatField:
    options: dict[str, Any] = {"help_text": help_text} if help_text else {}
    return serializers.FloatField(
        min_value=0, max_value=1, allow_null=allow_null, **options
    )


def _coefficient() -> serializers.FloatField:
    return serializers.FloatField(
        min_value=-1, max_value=1, allow_null=True, help_text=UNDEFINED_HELP
    )


def _unbounded() -> serializers.FloatField:
    """Return a field without a minimum, for Fleiss' kappa.

    If most candidates have one verdict, chance agreement is near 1 and the coefficient
    can be far below -1.
    """
    return serializers.FloatField(
        max_value=1, allow_null=True, help_text=UNDEFINED_HELP
    )


def _interval() -> serializers.ListField:
    return serializers.ListField(
        child=serializers.FloatField(), min_length=2, max_length=2, allow_null=True
    )


class IntervalsShape(serializers.Serializer[Any]):
    """95 % intervals (low, high) from 200 bootstrap samples of entities."""

    percent = _interval()
    krippendorff_alpha = _interval()
    fleiss_kappa = _interval()
    gwet_ac1 = _interval()


class PairIntervalsShape(serializers.Serializer[Any]):
    """95 % intervals of a pair. Only the 200 pairs with most shared candidates have them."""

    percent = _interval()
    cohen_kappa = _interval()


class PairShape(serializers.Serializer[Any]):
    """The agreement of two judges on the candidates that both judged independently."""

    judges = serializers.ListField(
        child=serializers.CharField(), min_length=2, max_length=2
    )
    n = serializers.IntegerField(min_value=1)
    percent = _share()
    cohen_kappa = _coefficient()
    intervals = PairIntervalsShape()
    undefined = serializers.DictField(child=serializers.CharField())


class AgreementOfJudge(serializers.Serializer[Any]):
    """One judge: the number of independent verdicts, and the agreement with other judges."""

    judge = serializers.CharField()
    n = serializers.IntegerField(
        min_value=0, help_text="The number of independent verdicts."
    )
    shared = serializers.IntegerField(
        min_value=0, help_text="Candidates that other judges judged, too."
    )
    percent = _share(
        allow_null=True,
        help_text="The mean share of other judges with the same verdict.",
    )
    yes = serializers.IntegerField(min_value=0)
    no = serializers.IntegerField(min_value=0)
    broken = serializers.IntegerField(min_value=0)


class CoefficientsShape(serializers.Serializer[Any]):
    """Coefficients with their intervals, and reasons where they are undefined."""

    candidates = serializers.IntegerField(
        min_value=0, help_text="Candidates with two or more independent verdicts."
    )
    entities = serializers.IntegerField(
        min_value=0, help_text="Entities of these candidates."
    )
    percent = _share(allow_null=True, help_text=UNDEFINED_HELP)
    krippendorff_alpha = _coefficient()
    fleiss_kappa = _unbounded()
    gwet_ac1 = _coefficient()
    intervals = IntervalsShape()
    undefined = serializers.DictField(
        child=serializers.CharField(),
        help_text="The reasons for nulls: {name or intervals.name: reason}.",
    )


class WeekShape(CoefficientsShape):
    """Coefficients over the candidates whose last verdict is from one week."""

    week = serializers.DateField(help_text="The Monday of the week, UTC.")


class PartShape(CoefficientsShape):
    """Coefficients over a part of the verdicts, in all, by pair and by week."""

    pairs = PairShape(
        many=True, help_text="The 2,000 pairs with most shared candidates."
    )
    weeks = WeekShape(
        many=True, help_text="The last 60 weeks with verdicts to compare."
    )


class PartsShape(serializers.Serializer[Any]):
    """Agreement without `broken` verdicts, and on the random control share."""

    all_without_broken = PartShape()
    control = PartShape()
    control_without_broken = PartShape()


class AgreementShape(PartShape):
    """The agreement among the judges of a batch, over independent verdicts only."""

    judges = serializers.IntegerField(min_value=0)
    per_judge = AgreementOfJudge(many=True)
    parts = PartsShape()
    computed_at = serializers.DateTimeField()


@extend_schema_serializer(component_name="NotYetShape")
class PendingReportShape(serializers.Serializer[Any]):
    """A report that is being computed. Ask again after `Retry-After` seconds."""

    computed_at = serializers.DateTimeField(
        allow_null=True, help_text="The time of the last report, which is out of date."
    )
    problem = serializers.CharField(
        allow_null=True, help_text="The reason if the last attempt failed."
    )


class SharesShape(serializers.Serializer[Any]):
    """A share for each verdict."""

    yes = _share()
    no = _share()
    broken = _share()


class ConfusionShape(serializers.Serializer[Any]):
    """The shares of a judge's verdicts, by true value; null if there is no data."""

    yes = SharesShape(allow_null=True)
    no = SharesShape(allow_null=True)
    broken = SharesShape(allow_null=True)


class ReliabilityOfJudge(serializers.Serializer[Any]):
    """The estimated reliability of one judge."""

    judge = serializers.CharField(
        help_text="The username for admins, else a pseudonym."
    )
    n = serializers.IntegerField(min_value=0)
    confusion = ConfusionShape()


class JudgesReliability(serializers.Serializer[Any]):
    """An estimate by Dawid and Skene's model. It is advice and decides no truth."""

    candidates = serializers.IntegerField(min_value=0)
    undefined = serializers.CharField(
        allow_null=True, help_text="The reason if there is no estimate."
    )
    class_shares = SharesShape(allow_null=True)
    log_likelihood = serializers.FloatField(allow_null=True)
    has_converged = serializers.BooleanField(allow_null=True)
    judges = ReliabilityOfJudge(many=True)
    computed_at = serializers.DateTimeField()
