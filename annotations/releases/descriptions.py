"""Descriptions of a release: datasheet, Croissant metadata and list of removals."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.template.loader import render_to_string

from annotations.export import JUDGMENT_COLUMNS
from annotations.ground_truth import COLUMNS
from annotations.models import Release, ReleaseRemoval

from . import files

REMOVAL_COLUMNS = ("file", "old_sha256", "new_sha256", "lines", "removed_at")
NAMES = (files.REMOVALS, files.DATASHEET, files.CROISSANT)
TSV, PLAIN = "text/tab-separated-values", "text/plain"
INTEGERS = {"candidate_id", "image_search_rank", "judges", "yes", "no", "broken"}
INTEGERS |= {"revision"}
DECIMALS = {"agreement", "seconds"}
RECORDS = (
    ("truth", files.TRUTH, COLUMNS),
    ("judgments", files.JUDGMENTS, JUDGMENT_COLUMNS),
)

CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileProperty": "cr:fileProperty",
    "fileObject": "cr:fileObject",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}


def describe(
    release: Release, entries: Mapping[str, Any], removals: Sequence[ReleaseRemoval]
) -> dict[str, dict[str, Any]]:
    """Store datasheet and metadata of the files `entries`, and return their entries."""
    data = {name: entry for name, entry in entries.items() if name not in NAMES}
    contents = {
        files.DATASHEET: datasheet(release, data, removals),
        files.CROISSANT: croissant(release, data),
    }
    return {name: _store(content) for name, content in contents.items()}


def store_removals(removals: Sequence[ReleaseRemoval]) -> dict[str, Any]:
    """Store `removals.tsv` and return its entry."""
    return _store(removals_tsv(removals))


def _store(content: bytes) -> dict[str, Any]:
    with files.draft() as draft:
        draft.write(content)
        draft.keep()
        return draft.entry


def removals_tsv(removals: Iterable[ReleaseRemoval]) -> bytes:
    """Return `removals.tsv`: rewritten files, their digests before and after, and times."""
    lines = ["\t".join(REMOVAL_COLUMNS)]
    for removal in removals:
        digests = (removal.old_sha256, removal.new_sha256)
        time = removal.removed_at.strftime("%Y-%m-%dT%H:%M:%SZ")
        lines.append("\t".join((removal.file, *digests, str(removal.lines), time)))
    return ("\n".join(lines) + "\n").encode()


def datasheet(
    release: Release, entries: Mapping[str, Any], removals: Sequence[ReleaseRemoval]
) -> bytes:
    """Return `datasheet.md`."""
    counts = release.counts
    rules = [
        batch | {"cell": _table_cell(batch["name"])}
        for batch in release.rules.get("batches", [])
    ]
    sources = [
        (title, [(_table_cell(value or ""), n) for value, n in counts[title.lower()]])
        for title in ("Licences", "Hosts")
    ]
    context = {
        "release": release,
        "counts": counts,
        "rules": rules,
        "files": [
            (name, entries[name]) for name in files.EVERY_FILE if name in entries
        ],
        "removals": removals,
        "without_face": sum(
            n for name, n in counts.items() if name.startswith("without_face_")
        ),
        "hours": sum(judge["hours"] for judge in counts.get("judges", ())),
        "sources": sources,
    }
    return render_to_string("annotations/datasheet.md", context).encode()


def _table_cell(value: str) -> str:
    """Return a text on one line, escaped for a Markdown table."""
    return " ".join(value.split()).replace("|", "\\|")


def croissant(release: Release, entries: Mapping[str, Any]) -> bytes:
    """Return `croissant.json`: files with digests, and columns of files with a header."""
    licences = [name for name, _ in release.counts.get("licences", ()) if name]
    date = release.created_at.date().isoformat()
    metadata = {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "name": release.name,
        "description": release.purpose
        or "Ground truth of candidate images, judged by people.",
        "version": "1.0.0",
        "datePublished": date,
        "license": licences or ["see datasheet.md"],
        "url": f"urn:labeler:release:{release.pk}",
        "citeAs": f"Labeler release {release.name}, {date}",
        "distribution": [
            _file(name, entries[name]) for name in files.EVERY_FILE if name in entries
        ],
        "recordSet": [
            _records(name, file, columns)
            for name, file, columns in RECORDS
            if file in entries
        ],
    }
    return (json.dumps(metadata, indent=2, ensure_ascii=False) + "\n").encode()


def _file(name: str, entry: Mapping[str, Any]) -> dict[str, Any]:
    has_header = name in (files.TRUTH, files.JUDGMENTS)
    return {
        "@type": "cr:FileObject",
        "@id": name,
        "name": name,
        "contentUrl": name,
        "contentSize": f"{entry['bytes']} B",
        # Readers of Croissant take a TSV file without a header line for a broken table.
        "encodingFormat": TSV if has_header else PLAIN,
        "sha256": entry["sha256"],
    }


def _records(name: str, file: str, columns: Sequence[str]) -> dict[str, Any]:
    return {
        "@type": "cr:RecordSet",
        "@id": name,
        "name": name,
        "field": [_field(name, file, column) for column in columns],
    }


def _field(record: str, file: str, column: str) -> dict[str, Any]:
    kind = "sc:Text"
    if column in INTEGERS:
        kind = "sc:Integer"
    elif column in DECIMALS:
        kind = "sc:Float"
    return {
        "@type": "cr:Field",
        "@id": f"{record}/{column}",
        "name": column,
        "dataType": kind,
        "source": {"fileObject": {"@id": file}, "extract": {"column": column}},
    }
