"""Tables as spreadsheets and scripts write them: line ends, encodings, csv, headers."""

import codecs

import pytest

from annotations.models import Candidate, Entity

from .imported import counts, face, imported, line, reasons
from .pictures import drawn

pytestmark = pytest.mark.django_db

ROWS = "key\tname\tfrequency\nm.01\tJörg Müller\t12\nm.02\tZoë\t7\n"


def entities():
    return list(Entity.objects.order_by("key").values_list("key", "name", "frequency"))


EXPECTED = [("m.01", "Jörg Müller", 12), ("m.02", "Zoë", 7)]


@pytest.mark.parametrize(
    "data",
    [
        ROWS.replace("\n", "\r\n").encode(),
        ROWS.replace("\n", "\r\r\n").encode(),
        ROWS.replace("\n", "\r\n").encode("utf-8-sig")[:-1],
        codecs.BOM_UTF16_LE + ROWS.replace("\n", "\r\n").encode("utf-16-le"),
        codecs.BOM_UTF16_BE + ROWS.encode("utf-16-be"),
        codecs.BOM_UTF32_LE + ROWS.encode("utf-32-le"),
        ROWS.replace("\t", ",").encode(),
        ROWS.replace("\t", ";").replace("\n", "\r\n").encode("utf-8-sig"),
        ROWS.replace("key\tname", " Key\t\u00a0NAME ").encode(),
        ROWS.replace("\n", "\t\t\n").encode(),
        ROWS.replace("\n", "\n\n\t\t\n").encode(),
        b'"key","name","frequency"\n"m.01","J\xc3\xb6rg M\xc3\xbcller","12"\nm.02,Zo\xc3\xab,7\n',
        b'"key"\t"name"\t"frequency"\nm.01\t"J\xc3\xb6rg M\xc3\xbcller"\t12\nm.02\tZo\xc3\xab\t7\n',
    ],
    ids=["CRLF", "CRCRLF", "BOM and CR at the end", "UTF-16", "UTF-16 BE", "UTF-32",
         "commas", "semicolons", "header", "trailing TABs", "blank lines", "quoted csv",
         "quoted TSV"],
)  # fmt: skip
def test_an_entity_list_is_read_as_it_was_meant(data):
    import_ = imported(data)

    assert (import_.layout, counts(import_)) == ("entities", (2, 0, 0))
    assert entities() == EXPECTED
    assert import_.warnings == {}


@pytest.mark.parametrize(
    ("layout", "row"),
    [
        ("faces", face(data=drawn(1))),
        ("names", 'm.01\t"Ada"@en\n'),
        ("manifest", "key\timage_url\nm.01\thttp://x/1\n"),
    ],
)
@pytest.mark.parametrize("end", ["\r\n", "\t\t\n", "\t\r\n"])
def test_every_layout_has_crlf_and_trailing_tabs(layout, row, end):
    import_ = imported(row.replace("\n", end))

    assert (import_.layout, counts(import_)) == (layout, (1, 0, 0))


def test_a_cr_within_a_cell_is_refused_by_its_line():
    import_ = imported("key\tname\r\nm.01\ta\rb\r\nm.02\tok\r\n")

    assert counts(import_) == (1, 0, 1)
    assert reasons(import_) == {2: "A cell contains a CR."}


@pytest.mark.parametrize(
    ("encoding", "name"), [("cp1252", "Müller"), ("cp932", "山田"), ("gbk", "张三")]
)
def test_an_undecodable_line_is_refused_with_a_guess(encoding, name):
    data = b"key\tname\n" + f"m.01\t{name}\n".encode(encoding) + b"m.02\tok\n"
    import_ = imported(data)

    assert counts(import_) == (1, 0, 1)
    assert f"not UTF-8. It is probably {encoding}" in reasons(import_)[2]


def test_quoted_cells_of_csv_files():
    rows = 'key,name\nm.01,"Müller, ""J"""\nm.02,"two\nlines"\nm.03,"a\tb"\nm.04,5" x\n'
    import_ = imported(rows + 'm.05,"a" b\n')

    assert counts(import_) == (2, 0, 4)
    assert list(Entity.objects.order_by("key").values_list("key", "name")) == [
        ("m.01", 'Müller, "J"'),
        ("m.04", '5" x'),
    ]
    assert reasons(import_) == {
        3: "A quoted cell contains a line break.",
        4: "A quoted cell contains a line break.",
        5: "A quoted cell contains a TAB.",
        7: "A quote is in the wrong place.",
    }


def test_quotes_in_tab_separated_files_stay_and_are_reported():
    import_ = imported('key\tname\nm.01\t"Müller, J"\n')

    assert Entity.objects.get().name == '"Müller, J"'
    [(warning, entry)] = import_.warnings.items()
    assert "TAB-separated files have no quoting" in warning
    assert entry == {"count": 1, "line": 2}


def test_invisible_characters_around_keys_are_trimmed_and_reported():
    keys = ["m.01\u00a0", "\u00a0m.02", "m.03 ", "\ufeffm.04", "m.05\u200b", " /m/06"]
    rows = "".join(line(key, '"X"@en') for key in keys) + line("m.\u200b07", '"X"@en')
    import_ = imported(rows, "names")

    assert counts(import_) == (6, 0, 1)
    assert [row[0] for row in entities()] == [f"m.0{n}" for n in range(1, 7)]
    assert import_.warnings == {
        "Spaces or invisible characters around a key were removed.": {
            "count": 6, "line": 1,
        }
    }  # fmt: skip


def test_control_characters_leave_names_and_refuse_rows_elsewhere():
    rows = "key\tname\tgender\nm.01\tA\u2028d\x85a\x1f\x7f\tf\nm.02\tBo\tf\u2029\n"
    import_ = imported(rows)

    assert counts(import_) == (1, 0, 1)
    assert Entity.objects.get().name == "Ada"
    assert "Column 3 contains a control" in reasons(import_)[3]
    assert [entry["line"] for entry in import_.warnings.values()] == [2]


@pytest.mark.parametrize(
    ("column", "cell", "kept"),
    [
        ("birth_date", "1850-13-40", ""),
        ("birth_date", "3/1/1970", ""),
        ("birth_date", "00/00/1970", ""),
        ("birth_date", "2999-01-01", ""),
        ("birth_date", "1970-03", "1970-03"),
        ("birth_date", "1970", "1970"),
        ("birth_date", "1970-03-01T00:00:00Z", "1970-03-01"),
        ("url", "javascript:alert(1)", ""),
        ("url", "ftp://x.example", ""),
        ("url", "not a url", ""),
        ("url", "https://x.example/é", "https://x.example/é"),
        ("frequency", "1,234", 1234),
        ("frequency", "1E+05", 100_000),
        ("frequency", "12.0", 12),
        ("frequency", " 12", 12),
        ("frequency", "1.234", None),
        ("frequency", "1,23", None),
        ("frequency", "#N/A", None),
        ("frequency", "9E+99", None),
        ("frequency", "99999999999999999999", None),
    ],
)
def test_a_wrong_property_is_left_out_and_the_row_stays(column, cell, kept):
    import_ = imported(f"key\tname\t{column}\nm.01\tAda\t{cell}\n")

    assert counts(import_) == (1, 0, 0)
    entity = Entity.objects.get()
    assert entity.name == "Ada"
    assert getattr(entity, column) == kept
    assert bool(import_.warnings) == (kept in ("", None))


def test_a_link_with_another_scheme_is_left_out_of_a_manifest():
    head = "key\timage_url\tpage_url\n"
    import_ = imported(head + line("m.01", "http://x/1", "javascript:alert(1)"))

    assert counts(import_) == (1, 0, 0)
    assert Candidate.objects.get().page_url == ""
    assert counts(imported(head + line("m.01", "javascript:alert(1)", ""))) == (0, 0, 1)


def test_ranks_as_spreadsheets_write_them():
    imported(face(rank="3.0") + face(rank="4.5"), "faces", with_images=False)

    assert Candidate.objects.get().rank == 3


def test_an_import_of_refused_rows_alone_is_failed_and_says_why():
    import_ = imported("key\tname\n\t1\n\t2\n")

    assert (import_.state, import_.rows_refused) == ("failed", 2)
    assert import_.problem == "All 2 rows were refused. Line 2: The key is empty."
    assert import_.finished_at


def test_withheld_cells_of_a_measurement_file_are_not_imported():
    box = "AAAAAAAAAAAAAIA/AACAPw=="
    rows = line("-", "-", "-", "FaceId-0", box, "") + line(
        "m.1", "-", "-", "F", box, ""
    )
    import_ = imported(rows, "devset", with_images=False)

    assert counts(import_) == (1, 0, 1)
    assert entities() == [("m.1", "m.1", None)]
    assert Candidate.objects.get().image_url == ""
