"""A new batch: its entities, judges and rules."""

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
    ("filter", "Entities that pass a filter"),
    ("sample", "A random sample, drawn by frequency"),
)
LIST_MAX_BYTES = 64 * 1024**2  # unpacked
LIST_SHOWN_BYTES = 500_000  # of larger files the lines do not return in the form
JUDGES_SHOWN = 200


class ValuesField(forms.CharField):
    """Values separated by |, as in entity lists."""

    def __init__(self, datalist_id: str, **kwargs: Any) -> None:
        widget = forms.TextInput(attrs={"list": datalist_id, "autocomplete": "off"})
        hint = "As imported. Separate values by |; one of them must match."
        super().__init__(
            required=False, max_length=2000, help_text=hint, widget=widget, **kwargs
        )

    def clean(self, value: Any) -> list[str]:
        """Return the distinct values."""
        parts = map(str.strip, super().clean(value).split("|"))
        return list(dict.fromkeys(filter(None, parts)))


class NamesField(forms.MultipleChoiceField):
    """A selection of the names shown. `batches` checks whether they can judge."""

    widget = forms.CheckboxSelectMultiple

    def valid_value(self, value: Any) -> bool:
        """Accept every name: a user can be deactivated after the page was shown."""
        return True


class ChoiceForm(forms.Form):
    """The entities of a batch, chosen in one of four ways."""

    how = forms.ChoiceField(
        label="Which entities", choices=WAYS, initial="list", widget=forms.RadioSelect
    )
    keys = forms.CharField(
        label="Entity keys",
        required=False,
        widget=forms.Textarea(attrs={"rows": 8, "spellcheck": "false"}),
        help_text="One key per line, in the order of judging. Text after a TAB, empty"
        " lines and lines with # are ignored.",
    )
    file = forms.FileField(
        label="Or a file of keys",
        required=False,
        help_text="Text or TSV with the key in the first column, also as .gz.",
    )
    sample_size = forms.IntegerField(
        label="Sample size",
        required=False,
        min_value=1,
        max_value=SIZE_LIMIT,
        help_text="The number of entities.",
    )
    sample_seed = forms.IntegerField(
        label="Seed",
        required=False,
        initial=partial(secrets.randbelow, SEED_LIMIT),
        min_value=0,
        max_value=SEED_LIMIT - 1,
        help_text="The same seed draws the same sample. Empty: a new seed.",
    )
    rank_from = forms.IntegerField(
        label="Frequency rank from",
        required=False,
        min_value=1,
        help_text="1 is the entity with the highest frequency.",
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
    never_judged = forms.BooleanField(label="Never judged in any batch", required=False)
    has_candidates = forms.BooleanField(
        label="With candidates", required=False, initial=True
    )

    FILTER = (
        *("rank_from", "rank_to", "professions", "countries", "genders"),
        *("born_from", "born_to", "never_judged", "has_candidates"),
    )

    text_of_file = ""

    def clean(self) -> dict[str, Any]:
        """Require the fields of the chosen way; ignore the others."""
        fields = super().clean() or {}
        if fields.get("how") == "list":
            self._clean_list(fields)
        is_sample = fields.get("how") == "sample" and "sample_size" in fields
        if is_sample and fields["sample_size"] is None:
            self.add_error("sample_size", "Enter the number of entities.")
        return fields

    def _clean_list(self, fields: dict[str, Any]) -> None:
        keys, file = fields.get("keys", "").strip(), fields.get("file")
        if not keys and not file:
            self.add_error("keys", "Paste keys, or choose a file.")
        elif keys and file:
            self.add_error("file", "Paste keys or choose a file, not both.")
        elif file:
            try:
                fields["keys"] = self.text_of_file = text_of(file)
            except ValidationError as error:
                self.add_error("file", error)

    def choice(self) -> dict[str, Any]:
        """Return the arguments of `batches.create` and `batches.preview`."""
        fields, how = self.cleaned_data, self.cleaned_data["how"]
        if how == "list":
            return {"entities": batches.KeyList.read(fields["keys"].splitlines())}
        if how == "all":
            return {"filter": {}}
        conditions = {
            name: fields[name]
            for name in self.FILTER
            if fields[name] not in (None, [], "", False)
        }
        if how == "filter":
            return {"filter": conditions}
        sample = {"size": fields["sample_size"]}
        if fields["sample_seed"] is not None:
            sample["seed"] = fields["sample_seed"]
        return {"sample": sample, "filter": conditions or None}

    def keep_list(self) -> None:
        """Put a file's lines into the text field: browsers never fill in a file field."""
        if 0 < len(self.text_of_file) <= LIST_SHOWN_BYTES:
            data = QueryDict(mutable=True)
            for name in self.data:
                data.setlist(name, self.data.getlist(name))  # type: ignore[attr-defined]
            data["keys"] = self.text_of_file
            self.data = data


class NewBatchForm(ChoiceForm, RulesForm):
    """A new batch."""

    judges = NamesField(required=False)
    more_judges = forms.CharField(
        label="Further judges",
        required=False,
        widget=forms.Textarea(attrs={"rows": 2, "spellcheck": "false"}),
        help_text="One username per line. The list above does not show all judges.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        judges = User.objects.filter(is_active=True, roles__contains=[Role.JUDGE])
        by_name = judges.order_by("username").values_list("username", flat=True)
        names = list(by_name[: JUDGES_SHOWN + 1])
        self.fields["judges"].choices = [(n, n) for n in names[:JUDGES_SHOWN]]  # type: ignore[attr-defined]
        if len(names) <= JUDGES_SHOWN:
            del self.fields["more_judges"]

    def usernames(self) -> list[str]:
        """Return the judges to add."""
        typed_names = self.cleaned_data.get("more_judges", "").splitlines()
        names = [*self.cleaned_data["judges"], *map(str.strip, typed_names)]
        return list(dict.fromkeys(filter(None, names)))


def text_of(file: "UploadedFile[bytes]") -> str:
    """Return the text of a plain or gzip file; ValidationError for other content."""
    is_packed = file.read(2) == b"\x1f\x8b"
    file.seek(0)
    try:
        if is_packed:
            with gzip.open(file) as unpacked:
                data = unpacked.read(LIST_MAX_BYTES + 1)
        else:
            data = file.read(LIST_MAX_BYTES + 1)
        if len(data) > LIST_MAX_BYTES:
            raise ValidationError("The list is larger than 64 MiB.")
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValidationError("This file is not UTF-8 text.") from error
    except (OSError, EOFError, zlib.error) as error:
        raise ValidationError("The gzip file is damaged.") from error
