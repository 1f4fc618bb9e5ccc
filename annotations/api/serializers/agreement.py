"""How far judges agree, and what each of them is like."""

from rest_framework import serializers

NONE_IF = "null where it is undefined; `undefined` says why."


def _share(**told: object) -> serializers.FloatField:
    return serializers.FloatField(min_value=0, max_value=1, **told)  # type: ignore[arg-type]


def _coefficient() -> serializers.FloatField:
    return serializers.FloatField(
        min_value=-1, max_value=1, allow_null=True, help_text=NONE_IF
    )


def _unbounded() -> serializers.FloatField:
    """Where most verdicts stand alone, chance may agree nearly always: far below -1."""
    return serializers.FloatField(max_value=1, allow_null=True, help_text=NONE_IF)


def _interval() -> serializers.ListField:
    return serializers.ListField(
        child=serializers.FloatField(), min_length=2, max_length=2, allow_null=True
    )


class IntervalsShape(serializers.Serializer):
    """95 % intervals, low and high, of 200 draws of entities."""

    percent = _interval()
    krippendorff_alpha = _interval()
    fleiss_kappa = _interval()
    gwet_ac1 = _interval()


class PairIntervalsShape(serializers.Serializer):
    """95 % intervals of a pair; only the 200 pairs that share most have them."""

    percent = _interval()
    cohen_kappa = _interval()


class PairShape(serializers.Serializer):
    """Two judges over the candidates that both judged independently."""

    judges = serializers.ListField(
        child=serializers.CharField(), min_length=2, max_length=2
    )
    n = serializers.IntegerField(min_value=1)
    percent = _share()
    cohen_kappa = _coefficient()
    intervals = PairIntervalsShape()
    undefined = serializers.DictField(child=serializers.CharField())


class AgreementOfJudge(serializers.Serializer):
    """One judge: independent verdicts, and how often the others said the same."""

    judge = serializers.CharField()
    n = serializers.IntegerField(min_value=0, help_text="Independent verdicts.")
    shared = serializers.IntegerField(
        min_value=0, help_text="Candidates that somebody else judged as well."
    )
    percent = _share(
        allow_null=True, help_text="The mean share of the others who said the same."
    )
    yes = serializers.IntegerField(min_value=0)
    no = serializers.IntegerField(min_value=0)
    broken = serializers.IntegerField(min_value=0)


class CoefficientsShape(serializers.Serializer):
    """Coefficients, their intervals, and why there is none."""

    candidates = serializers.IntegerField(
        min_value=0, help_text="Those that two or more judged independently."
    )
    entities = serializers.IntegerField(min_value=0, help_text="Those that have one.")
    percent = _share(allow_null=True, help_text=NONE_IF)
    krippendorff_alpha = _coefficient()
    fleiss_kappa = _unbounded()
    gwet_ac1 = _coefficient()
    intervals = IntervalsShape()
    undefined = serializers.DictField(
        child=serializers.CharField(),
        help_text="Why what is null is: {name or intervals.name: reason}.",
    )


class WeekShape(CoefficientsShape):
    """The candidates whose last verdict was given in a week."""

    week = serializers.DateField(help_text="Its Monday, UTC.")


class PartShape(CoefficientsShape):
    """Some of the verdicts: coefficients, of each pair and of each week."""

    pairs = PairShape(many=True, help_text="The 2,000 that share most.")
    weeks = WeekShape(many=True, help_text="The last sixty with verdicts to compare.")


class PartsShape(serializers.Serializer):
    """The same without broken, and on the random control share."""

    all_without_broken = PartShape()
    control = PartShape()
    control_without_broken = PartShape()


class AgreementShape(PartShape):
    """How far the judges of a batch agree, over independent verdicts only."""

    judges = serializers.IntegerField(min_value=0)
    per_judge = AgreementOfJudge(many=True)
    parts = PartsShape()
    computed_at = serializers.DateTimeField()


class NotYetShape(serializers.Serializer):
    """It is being worked out; ask again after `Retry-After` seconds."""

    computed_at = serializers.DateTimeField(
        allow_null=True, help_text="When it last was, before something more was said."
    )
    problem = serializers.CharField(
        allow_null=True, help_text="Why the last attempt came to nothing, if it did."
    )


class SharesShape(serializers.Serializer):
    """A share for each value."""

    yes = _share()
    no = _share()
    broken = _share()


class ConfusionShape(serializers.Serializer):
    """How often a judge says what, by what is true; null where nothing tells."""

    yes = SharesShape(allow_null=True)
    no = SharesShape(allow_null=True)
    broken = SharesShape(allow_null=True)


class ReliabilityOfJudge(serializers.Serializer):
    """What one judge is like, as far as the model can tell."""

    judge = serializers.CharField(help_text="A pseudonym, but for admins.")
    n = serializers.IntegerField(min_value=0)
    confusion = ConfusionShape()


class JudgesReliability(serializers.Serializer):
    """An estimate by Dawid and Skene's model: advice. It decides no truth."""

    candidates = serializers.IntegerField(min_value=0)
    undefined = serializers.CharField(
        allow_null=True, help_text="Why there is no estimate."
    )
    class_shares = SharesShape(allow_null=True)
    log_likelihood = serializers.FloatField(allow_null=True)
    has_converged = serializers.BooleanField(allow_null=True)
    judges = ReliabilityOfJudge(many=True)
    computed_at = serializers.DateTimeField()
