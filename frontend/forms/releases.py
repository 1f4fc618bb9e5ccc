"""Forms for a new release."""

import secrets
from functools import partial
from typing import Any

from django import forms

from annotations.models import Batch

BATCHES_SHOWN = 200
SEED_LIMIT = 2**53
INTEGER_LIMIT = 2**31 - 1


class BatchIdsField(forms.TypedMultipleChoiceField):
    """Ids of batches. The domain decides which of them can be released."""

    widget = forms.CheckboxSelectMultiple

    def valid_value(self, value: Any) -> bool:
        """Accept any id: the list of batches may have changed since it was shown."""
        text = str(value)
        return text.isascii() and text.isdigit() and len(text) <= 18


class ContentForm(forms.Form):
    """The batches of a release."""

    batches = BatchIdsField(coerce=int)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        batches = Batch.objects.filter(opened_at__isnull=False).order_by("-pk")
        self.fields["batches"].choices = [  # type: ignore[attr-defined]
            (batch.pk, batch.name) for batch in batches[:BATCHES_SHOWN]
        ]


class ReleaseForm(ContentForm):
    """A new release."""

    field_order = ("name",)
    name = forms.CharField(max_length=100, help_text="It cannot be changed later.")
    dev_entities = forms.IntegerField(
        label="Dev entities",
        min_value=0,
        max_value=INTEGER_LIMIT,
        help_text="The other entities become the test split, whose files hold no MIDs.",
    )
    distractors = forms.IntegerField(
        min_value=0,
        max_value=INTEGER_LIMIT,
        initial=0,
        help_text="The number of settled pictures of other people in each test file.",
    )
    seed = forms.IntegerField(
        required=False,
        min_value=0,
        max_value=2**63 - 1,
        initial=partial(secrets.randbelow, SEED_LIMIT),
        help_text="The same seed and data give the same files. Leave it empty for a new seed.",
    )
    leaves_open_out = forms.BooleanField(
        label="Leave out undecided candidates",
        required=False,
        help_text="They stay in truth.tsv without a verdict. The datasheet counts them.",
    )
    purpose = forms.CharField(
        required=False,
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="The purpose of the release, for the datasheet.",
    )
    contact = forms.CharField(
        label="Contact for removal",
        required=False,
        max_length=2_000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="The address for people who want their pictures removed.",
    )
