"""The rules of a batch as a form, for a new one and for one that is there."""

from decimal import Decimal
from typing import Any

from django import forms

from annotations.models import Batch, Order, Purpose
from annotations.models.batches import JUDGES_LIMIT
from annotations.queue.rules import CAP_LIMIT, FIXED, PAGE_LIMIT

GUIDELINES_LIMIT = 20_000
PRIORITY_LIMIT = 2**31 - 1
MOMENT = "%Y-%m-%dT%H:%M"


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
    cap_share = forms.DecimalField(
        label="The same in % of all",
        required=False,
        min_value=Decimal("0.01"),
        max_value=100,
        decimal_places=10,
        widget=forms.NumberInput(attrs={"step": "any"}),
        help_text="The smaller of the two counts.",
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
    guidelines = forms.CharField(
        required=False,
        max_length=GUIDELINES_LIMIT,
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text="What the judges shall go by, in Markdown. Empty: the usual ones.",
    )

    def clean_cap_share(self) -> float | None:
        """Percent, as a share."""
        percent = self.cleaned_data["cap_share"]
        return None if percent is None else float(percent / 100)

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
        share, due = batch.cap_share, batch.deadline
        initial = {name: getattr(batch, name) for name in self.base_fields}
        initial["judges_maximum"] = batch.maximum
        initial["cap_share"] = None if share is None else f"{100 * share:.10g}"
        initial["deadline"] = due and due.replace(second=0, microsecond=0)
        super().__init__(data, initial=initial)
        if batch.opened_at is not None:
            for name in FIXED:
                del self.fields[name]
        for field in self.fields.values():
            # What somebody else changes while this form lies open stays as they made it.
            field.show_hidden_initial = True

    def changes(self) -> dict[str, Any]:
        """The fields that differ from what the form showed."""
        return {name: self.cleaned_data[name] for name in self.changed_data}
