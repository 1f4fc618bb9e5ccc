"""The rules of a batch as a form, for a new batch and for an existing one."""

import copy
from decimal import Decimal
from typing import Any, ClassVar

from django import forms
from django.db import models

from annotations.batches.rules import FIXED
from annotations.models import Batch, Purpose, Scorer
from annotations.models.batches import AUDIT_SIZE, GUIDELINES_LIMIT
from annotations.models.validators import limits_of

PERCENTS = ("cap_share", "control_share", "clear_beyond")  # stored as shares
DATETIME_FORMAT = "%Y-%m-%dT%H:%M"
# In the order of the page.
RULES = (
    *("judges_required", "judges_maximum", "page_size", "priority", "order", "purpose"),
    *("cap", "cap_share", "deadline", "shows_agreement", "scorer", "control_share"),
    *("clear_beyond", "audit_size", "guidelines"),
)


def _scorer_choices() -> list[tuple[str, str]]:
    active_scorers = Scorer.objects.filter(is_active=True).order_by("name")
    names = active_scorers.values_list("name", flat=True)
    return [("", "Default scorer"), *((name, name) for name in names)]


def _percent_field(label: str, *, help_text: str, min_value: Any = None) -> Any:
    return forms.DecimalField(
        label=label,
        required=False,
        min_value=min_value or Decimal("0.01"),
        max_value=100,
        decimal_places=10,
        widget=forms.NumberInput(attrs={"step": "any"}),
        help_text=help_text,
    )


def _form_field(field: "models.Field[Any, Any]", **options: Any) -> Any:
    """Return a model field's form field, with the limits of the model's validators."""
    if isinstance(field, models.IntegerField):
        options |= limits_of(field)
    return field.formfield(**options)


class RulesForm(forms.ModelForm):  # type: ignore[type-arg]  # generic only in stubs
    """The rules of a batch. The model checks them; an empty limit means no limit."""

    field_order = ("name", *RULES)
    judges_maximum = _form_field(
        Batch._meta.get_field("maximum"),
        label="Judges per picture: at most",
        help_text="While judges disagree, more are asked, up to this number. Empty: no"
        " further judges.",
    )
    cap_share = _percent_field(
        "Limit per judge, in % of the batch", help_text="The lower limit applies."
    )
    deadline = forms.DateTimeField(
        label="Deadline (UTC)",
        required=False,
        widget=forms.DateTimeInput(
            attrs={"type": "datetime-local"}, format=DATETIME_FORMAT
        ),
        input_formats=[DATETIME_FORMAT, "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S%z"],
        help_text="Judges see it. The batch stays open after it.",
    )
    scorer = forms.ChoiceField(
        required=False,
        choices=_scorer_choices,
        help_text="The model for the uncertain order and for clearance.",
    )
    control_share = _percent_field(
        "Entities in random order, in %",
        help_text="Drawn at random and mixed in, to compare with the uncertain order."
        " Empty: none. Only with the uncertain order.",
    )
    clear_beyond = _percent_field(
        "Not asked if the model is this sure, in %",
        min_value=50,
        help_text="Above 50, below 100; start with 99. Empty: people are asked about"
        " everything. Only for cleaning, and only with a model that was fitted on"
        " verdicts given here.",
    )
    guidelines = forms.CharField(
        required=False,
        max_length=GUIDELINES_LIMIT,
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text="Guidelines for the judges, in Markdown. Empty: the default ones.",
    )

    class Meta:
        model = Batch
        fields: ClassVar = [
            *("name", "judges_required", "page_size", "priority", "order", "purpose"),
            *("cap", *PERCENTS, "deadline", "shows_agreement", "scorer", "audit_size"),
        ]
        formfield_callback = staticmethod(_form_field)
        labels: ClassVar = {
            "judges_required": "Judges per picture: at least",
            "page_size": "Pictures on a page",
            "cap": "Limit per judge, in pictures",
            "shows_agreement": "Judges see in percent how often the others agree",
            "audit_size": "Number of these to ask all the same",
        }
        help_texts: ClassVar = {
            "priority": "Judges of several batches get the highest priority first.",
            "cap": "Empty: no limit.",
            "audit_size": f"Drawn at random. {AUDIT_SIZE} without an error show that at"
            " most 1 % of all pictures not asked are wrong, with 95 % confidence.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["audit_size"].required = False

    def clean_cap_share(self) -> float | None:
        """Return the percentage as a share."""
        return self._share("cap_share")

    def clean_control_share(self) -> float | None:
        """Return the percentage as a share."""
        return self._share("control_share")

    def clean_clear_beyond(self) -> float | None:
        """Return the percentage as a probability."""
        return self._share("clear_beyond")

    def _share(self, name: str) -> float | None:
        percent = self.cleaned_data[name]
        return None if percent is None else float(percent / 100)

    def clean_audit_size(self) -> int:
        """Return the default size for an empty field."""
        return self.cleaned_data["audit_size"] or AUDIT_SIZE

    def clean_guidelines(self) -> str:
        """Return the text with the line ends that are stored."""
        guidelines: str = self.cleaned_data["guidelines"]
        return guidelines.replace("\r\n", "\n")

    def clean(self) -> dict[str, Any]:
        """Give the model the one rule that it names differently, before it checks all.

        This does not call ModelForm.clean, which would check the database's constraints
        by a query for each. The model's validators repeat them.
        """
        self.instance.maximum = self.cleaned_data.get("judges_maximum")
        return self.cleaned_data

    def rules(self) -> dict[str, Any]:
        """Return the rules for `batches.create`."""
        return {name: self.cleaned_data[name] for name in RULES}


class ChangeForm(RulesForm):
    """A batch's current rules. It sends only those that its user has changed."""

    def __init__(self, data: Any, *, batch: Batch) -> None:
        deadline = batch.deadline
        initial: dict[str, Any] = {
            "judges_maximum": batch.maximum,
            "guidelines": batch.guidelines,
            "deadline": deadline and deadline.replace(second=0, microsecond=0),
        }
        for name in PERCENTS:
            share = getattr(batch, name)
            initial[name] = None if share is None else f"{100 * share:.10g}"
        # The form writes into its instance, while the caller compares with the batch.
        super().__init__(data, initial=initial, instance=copy.copy(batch))
        if batch.opened_at is not None:
            for name in (*FIXED, *self._unused(batch)):
                del self.fields[name]
        self._keep_scorer(batch.scorer)
        for field in self.fields.values():
            # A rule that another admin changes while this form is open stays as it is.
            field.show_hidden_initial = True

    def _unused(self, batch: Batch) -> tuple[str, ...]:
        is_cleaning = batch.purpose == Purpose.CLEANING
        return () if is_cleaning else ("clear_beyond", "audit_size")

    def _keep_scorer(self, name: str) -> None:
        """Offer the batch's scorer also after it was removed from the settings."""
        field = self.fields["scorer"]
        choices = list(field.choices)  # type: ignore[attr-defined]
        if name not in dict(choices):
            field.choices = [*choices, (name, f"{name} (not active)")]  # type: ignore[attr-defined]

    def changes(self) -> dict[str, Any]:
        """Return the fields that differ from those shown in the form."""
        return {name: self.cleaned_data[name] for name in self.changed_data}
