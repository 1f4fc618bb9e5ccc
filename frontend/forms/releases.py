"""A new release: what of, how split, for what."""

import secrets
from functools import partial
from typing import Any

from django import forms

from annotations.models import Batch

BATCHES_SHOWN = 200
SEEDS = 2**53
MOST = 2**31 - 1


class NumbersField(forms.TypedMultipleChoiceField):
    """Some of the batches shown; whether one may be chosen, the stage says."""

    widget = forms.CheckboxSelectMultiple

    def valid_value(self, value: Any) -> bool:
        """Any number: which batches are shown may have changed a moment later."""
        text = str(value)
        return text.isascii() and text.isdigit() and len(text) <= 18


class ContentForm(forms.Form):
    """Which batches a release is made of."""

    batches = NumbersField(coerce=int)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        opened = Batch.objects.filter(opened_at__isnull=False).order_by("-pk")
        self.fields["batches"].choices = [  # type: ignore[attr-defined]
            (batch.pk, batch.name) for batch in opened[:BATCHES_SHOWN]
        ]


class ReleaseForm(ContentForm):
    """A new release."""

    field_order = ("name",)
    name = forms.CharField(max_length=100, help_text="It is given once, and for good.")
    dev_entities = forms.IntegerField(
        label="Entities of the development split",
        min_value=0,
        max_value=MOST,
        help_text="The others are the test split, whose files name nobody.",
    )
    distractors = forms.IntegerField(
        min_value=0,
        max_value=MOST,
        initial=0,
        help_text="How many settled pictures of somebody else are mixed into each test file.",
    )
    seed = forms.IntegerField(
        required=False,
        min_value=0,
        max_value=2**63 - 1,
        initial=partial(secrets.randbelow, SEEDS),
        help_text="The same seed and the same data give the same files. Empty: a new one.",
    )
    leaves_open_out = forms.BooleanField(
        label="Leave out candidates whose truth is open",
        required=False,
        help_text="They stay in truth.tsv without a verdict, and the datasheet counts them.",
    )
    purpose = forms.CharField(
        required=False,
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="What it is made for; stands in the datasheet.",
    )
    contact = forms.CharField(
        label="Contact for removal",
        required=False,
        max_length=2_000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="To whom somebody writes who wants to be taken out.",
    )
