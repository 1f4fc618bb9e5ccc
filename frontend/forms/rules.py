"""The rules of a batch as a form, for a new one and for one that is there."""

from decimal import Decimal
from typing import Any

from django import forms

from annotations.batches.rules import AUDIT_LIMIT, CAP_LIMIT, FIXED, PAGE_LIMIT
from annotations.models import Batch, Order, Purpose, Scorer
from annotations.models.batches import JUDGES_LIMIT

GUIDELINES_LIMIT = 20_000
PRIORITY_LIMIT = 2**31 - 1
AUDIT_SIZE = 299
PERCENTS = ("cap_share", "control_share", "clear_beyond")  # stored as shares
MOMENT = "%Y-%m-%dT%H:%M"


def _scorers() -> list[tuple[str, str]]:
    active = Scorer.objects.filter(is_active=True).order_by("name")
    names = active.values_list("name", flat=True)
    return [("", "The first of the settings"), *((name, name) for name in names)]


def _percent(label: str, *, help_text: str, min_value: Any = None) -> Any:
    return forms.DecimalField(
        label=label,
        required=False,
        min_value=min_value or Decimal("0.01"),
        max_value=100,
        decimal_places=10,
        widget=forms.NumberInput(attrs={"step": "any"}),
        help_text=help_text,
    )


class RulesForm(forms.Form):
    """What may be said of a batch. Empty limits are none."""

    judges_required = forms.IntegerField(
        label="Judges for each picture", min_value=1, max_value=JUDGES_LIMIT, initial=2
    )
    judges_maximum = forms.IntegerField(
        label="At most",
        required=False,
        min_value=1,
        max_value=JUDGES_LIMIT,
        help_text="While they do not agree, up to so many are asked. Empty: no more.",
    )
    page_size = forms.IntegerField(
        label="Pictures on a page", min_value=1, max_value=PAGE_LIMIT, initial=30
    )
    priority = forms.IntegerField(
        initial=0,
        min_value=-PRIORITY_LIMIT,
        max_value=PRIORITY_LIMIT,
        help_text="Judges of several batches get the highest first.",
    )
    order = forms.ChoiceField(choices=Order.choices, initial=Order.UNCERTAIN)
    purpose = forms.ChoiceField(choices=Purpose.choices, initial=Purpose.MEASUREMENT)
    cap = forms.IntegerField(
        label="Most pictures for one judge",
        required=False,
        min_value=1,
        max_value=CAP_LIMIT,
        help_text="Empty: as many as they like.",
    )
    cap_share = _percent(
        "The same in % of all", help_text="The smaller of the two counts."
    )
    deadline = forms.DateTimeField(
        label="Deadline (UTC)",
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format=MOMENT),
        input_formats=[MOMENT, "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S%z"],
        help_text="Shown to the judges. It closes nothing.",
    )
    shows_agreement = forms.BooleanField(
        label="Judges see how often the others said the same, in percent",
        required=False,
    )
    scorer = forms.ChoiceField(
        required=False,
        choices=_scorers,
        help_text="The model that the order by doubt and clearance go by.",
    )
    control_share = _percent(
        "Entities in random order, in %",
        help_text="Drawn at random and mixed in, to compare the order by doubt with."
        " Empty: none. Only with the order by doubt.",
    )
    clear_beyond = _percent(
        "Not asked if the model is this sure, in %",
        min_value=50,
        help_text="Above 50, below 100; 99 is a good beginning. Empty: people are asked"
        " about everything. Only for cleaning, and only by a model that has been"
        " fitted on verdicts given here.",
    )
    audit_size = forms.IntegerField(
        label="Of these asked all the same",
        required=False,
        min_value=1,
        max_value=AUDIT_LIMIT,
        initial=AUDIT_SIZE,
        help_text=f"Drawn at random. {AUDIT_SIZE} without an error tell that at most 1 %"
        " of all that was not asked is wrong, with 95 % confidence.",
    )
    guidelines = forms.CharField(
        required=False,
        max_length=GUIDELINES_LIMIT,
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text="What the judges shall go by, in Markdown. Empty: the usual ones.",
    )

    def clean_cap_share(self) -> float | None:
        """Percent, as a share."""
        return self._share("cap_share")

    def clean_control_share(self) -> float | None:
        """Percent, as a share."""
        return self._share("control_share")

    def clean_clear_beyond(self) -> float | None:
        """Percent, as a probability."""
        return self._share("clear_beyond")

    def _share(self, name: str) -> float | None:
        percent = self.cleaned_data[name]
        return None if percent is None else float(percent / 100)

    def clean_audit_size(self) -> int:
        """The usual size where nothing is said."""
        return self.cleaned_data["audit_size"] or AUDIT_SIZE

    def clean_guidelines(self) -> str:
        """Line ends as they are stored, not as forms send them."""
        return self.cleaned_data["guidelines"].replace("\r\n", "\n")

    def rules(self) -> dict[str, Any]:
        """What `queue.cut` and `queue.change` want to know."""
        return {
            name: value
            for name, value in self.cleaned_data.items()
            if name in RulesForm.base_fields
        }


class ChangeForm(RulesForm):
    """A batch's rules as they are. Sends on only what its user has changed."""

    field_order = ("name",)
    name = forms.CharField(max_length=200)

    def __init__(self, data: Any, *, batch: Batch) -> None:
        due = batch.deadline
        initial = {name: getattr(batch, name) for name in self.base_fields}
        initial["judges_maximum"] = batch.maximum
        for name in PERCENTS:
            share = initial[name]
            initial[name] = None if share is None else f"{100 * share:.10g}"
        initial["deadline"] = due and due.replace(second=0, microsecond=0)
        super().__init__(data, initial=initial)
        if batch.opened_at is not None:
            for name in (*FIXED, *self._without_use(batch)):
                del self.fields[name]
        self._keep_scorer(batch.scorer)
        for field in self.fields.values():
            # What somebody else changes while this form lies open stays as they made it.
            field.show_hidden_initial = True

    def _without_use(self, batch: Batch) -> tuple[str, ...]:
        is_cleaning = batch.purpose == Purpose.CLEANING
        return () if is_cleaning else ("clear_beyond", "audit_size")

    def _keep_scorer(self, name: str) -> None:
        """One that is active no more may stay until another is chosen."""
        choices = self.fields["scorer"].choices  # type: ignore[attr-defined]
        if name not in dict(choices):
            self.fields["scorer"].choices = [*choices, (name, f"{name} (not active)")]  # type: ignore[attr-defined]

    def changes(self) -> dict[str, Any]:
        """The fields that differ from what the form showed."""
        return {name: self.cleaned_data[name] for name in self.changed_data}
