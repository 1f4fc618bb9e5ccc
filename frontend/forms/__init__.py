"""What people fill in. Forms check form only; the rules are those of the stages."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib.auth.forms import AuthenticationForm

from annotations import intake
from annotations.errors import Invalid


class SignInForm(AuthenticationForm):
    """Name and password; says nothing of which of the two was wrong."""

    error_messages = {
        **AuthenticationForm.error_messages,
        "invalid_login": "This name and password do not fit together.",
    }

    def clean(self) -> dict[str, Any]:
        """No name is so long; it is not even tried."""
        if len(self.cleaned_data.get("username", "")) > 150:
            raise self.get_invalid_login_error()
        return super().clean()


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


class JudgeForm(forms.Form):
    """Somebody to add to a batch."""

    username = forms.CharField(
        max_length=150,
        label="Sign-in name",
        widget=forms.TextInput(attrs={"list": "judges", "autocomplete": "off"}),
    )


class ReasonForm(forms.Form):
    """Why something is done that cannot be undone; it is kept."""

    reason = forms.CharField(
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="It is kept with what was taken out.",
    )


def blame(form: forms.Form, invalid: Invalid, names: Mapping[str, str] = {}) -> None:
    """Show a stage's refusal at its fields; `names` are fields that are called otherwise."""
    for name, sentences in invalid.errors.items():
        field = names.get(name, name)
        form.add_error(field if field in form.fields else None, list(sentences))
