"""A new batch: which entities, who judges, by which rules."""

import gzip
import secrets
import zlib
from functools import partial
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict

from annotations import batches
from annotations.batches.choice import SEED_LIMIT, SIZE_LIMIT
from annotations.batches.filters import YEAR_LIMIT
from annotations.models import Role, User

from .rules import RulesForm

WAYS = (
    ("list", "A list of keys"),
    ("all", "All entities"),
    ("filter", "Those that pass a filter"),
    ("sample", "A sample, drawn by frequency"),
)
LIST_MAX_BYTES = 64 * 1024**2  # of a file, unpacked
LIST_SHOWN_BYTES = 500_000  # of a file whose lines come back in the form
JUDGES_SHOWN = 200


class ValuesField(forms.CharField):
    """Values with | between them, as entity lists have them."""

    def __init__(self, proposed: str, **kwargs: Any) -> None:
        field = forms.TextInput(attrs={"list": proposed, "autocomplete": "off"})
        hint = "Exactly as imported; several with | between them: one must fit."
        super().__init__(
            required=False, max_length=2000, help_text=hint, widget=field, **kwargs
        )

    def clean(self, value: Any) -> list[str]:
        """The values, each once."""
        parts = map(str.strip, super().clean(value).split("|"))
        return list(dict.fromkeys(filter(None, parts)))


class NamesField(forms.MultipleChoiceField):
    """Some of the names shown; whether a name may be chosen, the stage says."""

    widget = forms.CheckboxSelectMultiple

    def valid_value(self, value: Any) -> bool:
        """Any name: who is shown may be gone a moment later."""
        return True


class ChoiceForm(forms.Form):
    """Which entities a batch holds: one of four ways."""

    how = forms.ChoiceField(
        label="Which entities", choices=WAYS, initial="list", widget=forms.RadioSelect
    )
    keys = forms.CharField(
        label="Entity keys",
        required=False,
        widget=forms.Textarea(attrs={"rows": 8, "spellcheck": "false"}),
        help_text="One a line; what follows a TAB, empty lines and # comments are"
        " passed over. They are judged in this order.",
    )
    file = forms.FileField(
        label="Or a file of them",
        required=False,
        help_text="Text or TSV with the key in the first column, also as .gz.",
    )
    sample_size = forms.IntegerField(
        label="Sample size",
        required=False,
        min_value=1,
        max_value=SIZE_LIMIT,
        help_text="How many entities.",
    )
    sample_seed = forms.IntegerField(
        label="Seed",
        required=False,
        initial=partial(secrets.randbelow, SEED_LIMIT),
        min_value=0,
        max_value=SEED_LIMIT - 1,
        help_text="The same seed draws the same sample. Empty: a new one.",
    )
    rank_from = forms.IntegerField(
        label="Frequency rank from",
        required=False,
        min_value=1,
        help_text="1 is the most mentioned entity of all.",
    )
    rank_to = forms.IntegerField(label="Frequency rank to", required=False, min_value=1)
    professions = ValuesField("known-professions")
    countries = ValuesField("known-countries")
    genders = ValuesField("known-genders")
    born_from = forms.IntegerField(
        label="Born from (year)", required=False, min_value=0, max_value=YEAR_LIMIT
    )
    born_to = forms.IntegerField(
        label="Born to (year)", required=False, min_value=0, max_value=YEAR_LIMIT
    )
    never_judged = forms.BooleanField(label="Never judged, in no batch", required=False)
    has_candidates = forms.BooleanField(
        label="With candidates", required=False, initial=True
    )

    FILTER = (
        *("rank_from", "rank_to", "professions", "countries", "genders"),
        *("born_from", "born_to", "never_judged", "has_candidates"),
    )

    text_of_file = ""

    def clean(self) -> dict[str, Any]:
        """The chosen way must be filled in; the others are passed over."""
        given = super().clean() or {}
        if given.get("how") == "list":
            self._clean_list(given)
        is_sample = given.get("how") == "sample" and "sample_size" in given
        if is_sample and given["sample_size"] is None:
            self.add_error("sample_size", "Say how many entities.")
        return given

    def _clean_list(self, given: dict[str, Any]) -> None:
        pasted, file = given.get("keys", ""), given.get("file")
        if not pasted.strip() and not file:
            self.add_error("keys", "Paste some keys, or choose a file.")
        elif pasted.strip() and file:
            self.add_error(
                "file", "There are keys in the field above. Give one of both."
            )
        elif file:
            try:
                given["keys"] = self.text_of_file = text_of(file)
            except ValidationError as error:
                self.add_error("file", error)

    def choice(self) -> dict[str, Any]:
        """Entities, filter or sample, as `batches.create` and `batches.preview` want them."""
        given, how = self.cleaned_data, self.cleaned_data["how"]
        if how == "list":
            return {"entities": batches.KeyList.read(given["keys"].splitlines())}
        if how == "all":
            return {"filter": {}}
        asked = {n: given[n] for n in self.FILTER if given[n] not in (None, [], "")}
        wanted = {name: value for name, value in asked.items() if value is not False}
        if how == "filter":
            return {"filter": wanted}
        sample = {"size": given["sample_size"]}
        if given["sample_seed"] is not None:
            sample["seed"] = given["sample_seed"]
        return {"sample": sample, "filter": wanted or None}

    def keep_list(self) -> None:
        """Put a file's lines into the field: no browser lets a form come back with one."""
        if 0 < len(self.text_of_file) <= LIST_SHOWN_BYTES:
            data = QueryDict(mutable=True)
            for name in self.data:
                data.setlist(name, self.data.getlist(name))  # type: ignore[attr-defined]
            data["keys"] = self.text_of_file
            self.data = data


class CutForm(ChoiceForm, RulesForm):
    """A new batch."""

    field_order = ("name",)
    name = forms.CharField(max_length=200)
    judges = NamesField(required=False)
    more_judges = forms.CharField(
        label="Further judges",
        required=False,
        widget=forms.Textarea(attrs={"rows": 2, "spellcheck": "false"}),
        help_text="Sign-in names, one a line: not all judges are shown above.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = User.objects.filter(is_active=True, roles__contains=[Role.JUDGE])
        names = list(
            people.order_by("username").values_list("username", flat=True)[
                : JUDGES_SHOWN + 1
            ]
        )
        self.fields["judges"].choices = [(n, n) for n in names[:JUDGES_SHOWN]]  # type: ignore[attr-defined]
        if len(names) <= JUDGES_SHOWN:
            del self.fields["more_judges"]

    def usernames(self) -> list[str]:
        """The judges to add."""
        more = self.cleaned_data.get("more_judges", "").splitlines()
        names = [*self.cleaned_data["judges"], *map(str.strip, more)]
        return list(dict.fromkeys(filter(None, names)))


def text_of(file: UploadedFile) -> str:
    """The text of a list, unpacked where it is packed; ValidationError says why not."""
    is_packed = file.read(2) == b"\x1f\x8b"
    file.seek(0)
    try:
        if is_packed:
            with gzip.open(file) as unpacked:
                data = unpacked.read(LIST_MAX_BYTES + 1)
        else:
            data = file.read(LIST_MAX_BYTES + 1)
        if len(data) > LIST_MAX_BYTES:
            raise ValidationError("A list may have 64 MiB.")
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValidationError("This is no text in UTF-8.") from error
    except (OSError, EOFError, zlib.error) as error:
        raise ValidationError("The packed file is damaged.") from error
