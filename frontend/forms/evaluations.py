"""Results to evaluate: a file, the set they are of, a name."""

from django import forms

from annotations import evaluation, releases
from annotations.errors import Invalid
from annotations.models import Release


class EvaluationForm(forms.Form):
    """A file of results on one of the release's sets."""

    file = forms.FileField(
        label="Results",
        allow_empty_file=True,
        help_text=(
            "TSV in UTF-8, up to 64 MiB. Six columns in the order of the measurement"
            " file (MID, name, URL, FaceID, MID estimated, confidence), or three in any"
            " order (line number from 1, MID estimated, confidence). An empty MID is no"
            " answer."
        ),
    )
    part = forms.ChoiceField(label="Subset and split")
    name = forms.CharField(
        required=False,
        max_length=evaluation.NAME_LENGTH,
        help_text="What to call them; else the name of the file.",
    )

    def __init__(self, release: Release, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        parts = releases.sets_of(release)
        field = self.fields["part"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [
            (f"{subset}-{split}", f"{subset}, {split}") for subset, split in parts
        ]


def blame_lines(form: EvaluationForm, invalid: Invalid) -> None:
    """Show what is wrong in the file, line by line, at the file."""
    for where, sentences in invalid.errors.items():
        if where in form.fields:
            form.add_error(where, list(sentences))
        else:
            said = " ".join(sentences)
            form.add_error("file", f"{where.capitalize()}: {said}")
