"""What is told about a release: its datasheet, its Croissant metadata, its removals."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.template.loader import render_to_string

from annotations.export import JUDGMENT_COLUMNS
from annotations.ground_truth import COLUMNS
from annotations.models import Release, ReleaseRemoval

from . import files

REMOVAL_COLUMNS = ("file", "old_sha256", "new_sha256", "lines", "removed_at")
DESCRIBING = (files.REMOVALS, files.DATASHEET, files.CROISSANT)
TSV, PLAIN = "text/tab-separated-values", "text/plain"
NUMBERS = {"candidate_id", "image_search_rank", "judges", "yes", "no", "broken"}
NUMBERS |= {"revision"}
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
    release: Release, held: Mapping[str, Any], removals: Sequence[ReleaseRemoval]
) -> dict[str, dict[str, Any]]:
    """Store what tells about the files that it holds; the entries by name."""
    held = {name: entry for name, entry in held.items() if name not in DESCRIBING}
    told = {
        files.DATASHEET: datasheet(release, held, removals),
        files.CROISSANT: croissant(release, held),
    }
    return {name: _kept(data) for name, data in told.items()}


def keep_removals(removals: Sequence[ReleaseRemoval]) -> dict[str, Any]:
    """Store `removals.tsv`; its entry."""
    return _kept(removals_tsv(removals))


def _kept(data: bytes) -> dict[str, Any]:
    with files.draft() as made:
        made.write(data)
        made.keep()
        return made.entry


def removals_tsv(removals: Iterable[ReleaseRemoval]) -> bytes:
    """`removals.tsv`: which file was rewritten when, and its digests before and after."""
    lines = ["\t".join(REMOVAL_COLUMNS)]
    for each in removals:
        moment = each.removed_at.strftime("%Y-%m-%dT%H:%M:%SZ")
        row = (each.file, each.old_sha256, each.new_sha256, str(each.lines), moment)
        lines.append("\t".join(map(str, row)))
    return ("\n".join(lines) + "\n").encode()


def datasheet(
    release: Release, held: Mapping[str, Any], removals: Sequence[ReleaseRemoval]
) -> bytes:
    """`datasheet.md`."""
    counts = release.counts
    faceless = {n: v for n, v in counts.items() if n.startswith("without_face_")}
    rules = [
        batch | {"cell": _plain(batch["name"])}
        for batch in release.rules.get("batches", [])
    ]
    sources = [
        (what, [(_plain(name or ""), number) for name, number in counts[what.lower()]])
        for what in ("Licences", "Hosts")
    ]
    context = {
        "release": release,
        "counts": counts,
        "rules": rules,
        "files": [(n, held[n]) for n in files.EVERY_FILE if n in held],
        "removals": removals,
        "without_face": sum(faceless.values()),
        "hours": sum(each["hours"] for each in counts.get("judges", ())),
        "sources": sources,
    }
    return render_to_string("annotations/datasheet.md", context).encode()


def _plain(value: str) -> str:
    """On one line, and no end of a cell of a Markdown table."""
    return " ".join(value.split()).replace("|", "\\|")


def croissant(release: Release, held: Mapping[str, Any]) -> bytes:
    """`croissant.json`: the files with their digests, the columns of those with a header."""
    shown = [name for name in files.EVERY_FILE if name in held]
    licences = [name for name, _ in release.counts.get("licences", ()) if name]
    moment = release.created_at.date().isoformat()
    said = {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "name": release.name,
        "description": release.purpose
        or "Ground truth of candidate images, judged by people.",
        "version": "1.0.0",
        "datePublished": moment,
        "license": licences or ["see datasheet.md"],
        "url": f"urn:labeler:release:{release.pk}",
        "citeAs": f"Labeler release {release.name}, {moment}",
        "distribution": [_file(name, held[name]) for name in shown],
        "recordSet": [
            _records(name, file, columns)
            for name, file, columns in RECORDS
            if file in held
        ],
    }
    return (json.dumps(said, indent=2, ensure_ascii=False) + "\n").encode()


def _file(name: str, entry: Mapping[str, Any]) -> dict[str, Any]:
    has_header = name in (files.TRUTH, files.JUDGMENTS)
    return {
        "@type": "cr:FileObject",
        "@id": name,
        "name": name,
        "contentUrl": name,
        "contentSize": f"{entry['bytes']} B",
        # Without a header line it is no table to those who read this.
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
    if column in NUMBERS:
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
