"""Forms for users and invitations."""

from typing import Any

from django import forms

from annotations.models import Role


class InvitationForm(forms.Form):
    """An invitation with its roles."""

    email = forms.EmailField(
        label="E-mail address",
        required=False,
        help_text="The link is sent to this address. Without an address, pass the link on yourself.",
    )
    roles = forms.MultipleChoiceField(
        choices=Role.choices, initial=[Role.JUDGE], widget=forms.CheckboxSelectMultiple
    )


class AcceptanceForm(forms.Form):
    """The username and password of an invited person."""

    username = forms.CharField(
        label="Username",
        max_length=150,
        help_text="You sign in with it. Letters, digits and @ . + - _",
        widget=forms.TextInput(
            attrs={
                "autocomplete": "username",
                "autocapitalize": "none",
                "spellcheck": "false",
            }
        ),
    )
    password = forms.CharField(
        strip=False,
        help_text="At least 10 characters. Several words make a good password.",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    again = forms.CharField(
        label="Password again",
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean(self) -> dict[str, Any]:
        """Check that both passwords are equal."""
        cleaned = super().clean() or {}
        if cleaned.get("password") != cleaned.get("again") and "again" in cleaned:
            self.add_error("again", "The two passwords differ.")
        return cleaned


class PersonForm(forms.Form):
    """The properties of a user that admins can change."""

    email = forms.EmailField(
        label="E-mail address",
        required=False,
        help_text="Password reset links go to this address. A sign-in provider identifies the person by it, so it must be their own.",
    )
    roles = forms.MultipleChoiceField(
        choices=Role.choices, required=False, widget=forms.CheckboxSelectMultiple
    )


class ForgottenForm(forms.Form):
    """The address for a password reset link."""

    email = forms.EmailField(
        label="E-mail address",
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email", "autofocus": True}),
    )
