"""Inviting people, changing them, and being invited."""

from typing import Any

from django import forms

from annotations.models import Role


class InvitationForm(forms.Form):
    """Whom to invite, and to what."""

    email = forms.EmailField(
        label="E-mail address",
        required=False,
        help_text="The link is sent there. Without an address you pass the link on.",
    )
    roles = forms.MultipleChoiceField(
        choices=Role.choices, initial=[Role.JUDGE], widget=forms.CheckboxSelectMultiple
    )


class AcceptanceForm(forms.Form):
    """What somebody who is invited chooses."""

    username = forms.CharField(
        label="Name",
        max_length=150,
        help_text="You sign in with it, and admins see it. Letters, digits and @ . + - _",
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
        help_text="At least 10 characters; several words make a good one.",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    again = forms.CharField(
        label="Password again",
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean(self) -> dict[str, Any]:
        """The two passwords are the same."""
        cleaned = super().clean() or {}
        if cleaned.get("password") != cleaned.get("again") and "again" in cleaned:
            self.add_error("again", "The two passwords are not the same.")
        return cleaned


class PersonForm(forms.Form):
    """What admins may change of somebody."""

    email = forms.EmailField(
        label="E-mail address",
        required=False,
        help_text="Links to a new password go there. A sign-in provider's word is taken for it, so it should be theirs.",
    )
    roles = forms.MultipleChoiceField(
        choices=Role.choices, required=False, widget=forms.CheckboxSelectMultiple
    )


class ForgottenForm(forms.Form):
    """Where the link to a new password shall go."""

    email = forms.EmailField(
        label="E-mail address",
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email", "autofocus": True}),
    )
