"""Upload results of a recogniser for evaluation."""

from django import forms

from annotations import evaluation, releases
from annotations.errors import Invalid
from annotations.models import Release


class EvaluationForm(forms.Form):
    """A results file for one subset and split of a release."""

    file = forms.FileField(
        label="Results",
        allow_empty_file=True,
        help_text=(
            "TAB-separated UTF-8, up to 64 MiB. Six columns in the order of the"
            " measurement file (MID, name, URL, FaceID, MID estimated, confidence), or"
            " three with the lines in any order (line number from 1, MID estimated,"
            " confidence). An empty MID means no answer."
        ),
    )
    part = forms.ChoiceField(label="Subset and split")
    name = forms.CharField(
        required=False,
        max_length=evaluation.NAME_LENGTH,
        help_text="The default is the name of the file.",
    )

    def __init__(self, release: Release, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        parts = releases.sets_of(release)
        field = self.fields["part"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [
            (f"{subset}-{split}", f"{subset}, {split}") for subset, split in parts
        ]


def add_line_errors(form: EvaluationForm, invalid: Invalid) -> None:
    """Show errors of single lines at the file field."""
    for place, sentences in invalid.errors.items():
        if place in form.fields:
            form.add_error(place, list(sentences))
        else:
            form.add_error("file", f"{place.capitalize()}: {' '.join(sentences)}")
