"""Forms. They check the shape of the input; the rules are in the domain."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib.auth.forms import AuthenticationForm

from annotations import intake
from annotations.errors import Invalid


class SignInForm(AuthenticationForm):
    """Username and password. The error does not reveal which of them was wrong."""

    error_messages = {
        **AuthenticationForm.error_messages,
        "invalid_login": "Wrong username or password.",
    }

    def clean(self) -> dict[str, Any]:
        """Refuse usernames that are longer than any stored one, without a query."""
        if len(self.cleaned_data.get("username", "")) > 150:
            raise self.get_invalid_login_error()
        return super().clean()


class ImportForm(forms.Form):
    """A file to import. Its layout is detected unless it is named."""

    file = forms.FileField(
        label="File",
        help_text="A TSV file, plain or as .gz or .zst, or a .zip or .tar archive. Up to 2 GiB.",
    )
    layout = forms.ChoiceField(
        required=False,
        choices=[
            ("", "Detect automatically"),
            *((name, name) for name in intake.LAYOUTS),
        ],
    )
    with_images = forms.BooleanField(
        label="Import the pictures too", required=False, initial=True
    )


class JudgeForm(forms.Form):
    """A judge to add to a batch."""

    username = forms.CharField(
        max_length=150,
        label="Username",
        widget=forms.TextInput(attrs={"list": "judges", "autocomplete": "off"}),
    )


class ReasonForm(forms.Form):
    """The reason for an action that cannot be undone."""

    reason = forms.CharField(
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="The reason is stored with the voided verdicts.",
    )


def add_errors(
    form: forms.BaseForm,
    invalid: Invalid,
    names: Mapping[str, str] = {},
    prefix: str = "",
) -> None:
    """Show a domain error at the form's fields, or above the form.

    `names` maps the domain's field names to the form's where they differ. `prefix` is
    removed from all others.
    """
    for name, sentences in invalid.errors.items():
        field = names.get(name, name.removeprefix(prefix))
        form.add_error(field if field in form.fields else None, list(sentences))
