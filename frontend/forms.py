"""What people fill in. Forms check form only; the rules are those of the stages."""

from typing import Any

from django import forms
from django.contrib.auth.forms import AuthenticationForm

from annotations import intake
from annotations.models import Order, Purpose
from annotations.models.batches import JUDGES_LIMIT


class SignInForm(AuthenticationForm):
    """Name and password; says nothing of which of the two was wrong."""

    error_messages = {
        **AuthenticationForm.error_messages,
        "invalid_login": "This name and password do not fit together.",
    }


class ImportForm(forms.Form):
    """A file to read in. Its layout is detected where it can be."""

    file = forms.FileField(
        label="File",
        help_text="TSV as it is, .gz or .zst, .zip or .tar; up to 2 GiB.",
    )
    layout = forms.ChoiceField(
        required=False,
        choices=[("", "Detect it"), *((name, name) for name in intake.LAYOUTS)],
    )
    with_images = forms.BooleanField(
        label="Read the pictures in it, too", required=False, initial=True
    )


class BatchForm(forms.Form):
    """A new batch: named entities, or a sample of all."""

    name = forms.CharField(max_length=200)
    keys = forms.CharField(
        label="Entity keys",
        required=False,
        widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false"}),
        help_text="One a line. Leave it empty to draw a sample instead.",
    )
    sample_size = forms.IntegerField(
        label="Sample size", required=False, min_value=1, help_text="How many entities."
    )
    sample_seed = forms.IntegerField(
        label="Seed", required=False, help_text="The same seed draws the same sample."
    )
    judges = forms.CharField(
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
        help_text="Sign-in names, one a line. More can be added later.",
    )
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
        label="Pictures on a page", min_value=1, max_value=200, initial=30
    )
    order = forms.ChoiceField(choices=Order.choices, initial=Order.UNCERTAIN)
    purpose = forms.ChoiceField(choices=Purpose.choices, initial=Purpose.MEASUREMENT)
    guidelines = forms.CharField(
        required=False,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text="What the judges shall go by. Empty: the usual ones.",
    )

    def clean(self) -> dict[str, Any]:
        """Keys and a sample exclude each other; one of them must be there."""
        cleaned = super().clean() or {}
        if bool(cleaned.get("keys", "").strip()) == bool(cleaned.get("sample_size")):
            self.add_error("keys", "Give either entity keys or a sample size.")
        return cleaned

    def batch_fields(self) -> dict[str, Any]:
        """What `queue.cut` wants to know."""
        given = self.cleaned_data
        sample = None
        if given["sample_size"]:
            sample = {"size": given["sample_size"], "seed": given["sample_seed"] or 0}
        as_given = ("name", "judges_required", "judges_maximum", "page_size")
        chosen = ("order", "purpose", "guidelines")
        return {
            **{field: given[field] for field in as_given + chosen},
            "entities": None if sample else lines_of(given["keys"]),
            "sample": sample,
        }

    def usernames(self) -> list[str]:
        """The judges to add."""
        return lines_of(self.cleaned_data["judges"])


class JudgeForm(forms.Form):
    """Somebody to add to a batch."""

    username = forms.CharField(
        max_length=150,
        label="Sign-in name",
        widget=forms.TextInput(attrs={"list": "judges", "autocomplete": "off"}),
    )


def lines_of(text: str) -> list[str]:
    """The filled lines of a text field, each once, in their order."""
    return list(dict.fromkeys(filter(None, map(str.strip, text.splitlines()))))
