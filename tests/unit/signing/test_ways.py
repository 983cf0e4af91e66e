"""Objects that are read, and the ways to them, are those that pyHanko's own reading and walk find."""

import io
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyhanko.pdf_utils.generic import Reference
from pyhanko.pdf_utils.reader import PdfFileReader

from signing.versions import Reader
from signing.ways import Resolver
from tests.lab.documents import the_signed_pdf
from tests.lab.pdfs import newest, plain, signed_twice, update, with_document_timestamp, with_dss


def paths(reader, revision):
    """Each object of the file with the ways to it, or the class of what the walk raised: any refuses."""
    resolver = reader.get_historical_resolver(revision)
    try:
        resolver._load_reverse_xref_cache()
    except Exception:  # noqa: BLE001  # rule G1: of whatever class; references in a circle end in RecursionError
        return "refused"
    every = set().union(*map(reader.xrefs.explicit_refs_in_revision, range(reader.total_revisions)))
    return {
        (ref.idnum, ref.generation): resolver._get_usages_of_ref(
            Reference(ref.idnum, ref.generation, resolver)
        )
        for ref in every
    }


def compare(pdf):
    """Both readers on every revision; returns what they agree on."""
    theirs, mine = PdfFileReader(io.BytesIO(pdf), strict=True), Reader(io.BytesIO(pdf), strict=True)
    agreed = []
    for revision in range(theirs.total_revisions):
        agreed.append(paths(theirs, revision))
        assert paths(mine, revision) == agreed[-1]
        assert isinstance(mine.get_historical_resolver(revision), Resolver)
    return agreed


DOCUMENTS = {
    "typeset and tagged": the_signed_pdf,
    "by hand": signed_twice,
    "long-term data": with_dss,
    "document time-stamp": lambda: with_document_timestamp(signed_twice()),
}


@pytest.mark.parametrize("make", DOCUMENTS.values(), ids=DOCUMENTS)
def test_finds_the_ways_of_real_documents(make):
    """Every way to every object, in every revision."""
    agreed = compare(make())
    assert all(len(found) > 5 for found in agreed)
    assert any(len(ways) > 1 for found in agreed for ways in found.values())


@pytest.mark.parametrize("make", DOCUMENTS.values(), ids=DOCUMENTS)
def test_gives_the_same_objects_in_every_revision(make):
    """By value, and each version read once."""
    pdf = make()
    theirs, mine = PdfFileReader(io.BytesIO(pdf), strict=True), Reader(io.BytesIO(pdf), strict=True)
    for revision in range(theirs.total_revisions):
        old, new = theirs.get_historical_resolver(revision), mine.get_historical_resolver(revision)
        for ref in theirs.xrefs.explicit_refs_in_revision(revision):
            one, other = old(ref), new(Reference(ref.idnum, ref.generation, new))
            assert (type(one), one) == (type(other), other)
            assert mine.place((ref.idnum, ref.generation), revision) == theirs.xrefs.get_historical_ref(
                ref, revision
            )


NUMBERS = range(8, 16)
REFERENCES = st.sampled_from([f"{number} 0 R" for number in (1, 2, 3, 6, 8, 9, 10, 11, 12, 13, 14, 15, 99)])
KEYS = st.sampled_from(["/K", "/P", "/Pg", "/Kids", "/Parent", "/Obj", "/A", "/Next", "/Prev", "/Annots"])
TYPES = st.sampled_from(["", "/Type /StructElem", "/Type /MCR", "/Type /Pages", "/Type /Page", "/Type null"])
VALUES = st.recursive(
    REFERENCES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda items: "[" + " ".join(items) + "]"),
        st.dictionaries(KEYS, inner, max_size=3).map(
            lambda items: "<< " + " ".join(f"{key} {value}" for key, value in items.items()) + " >>"
        ),
    ),
    max_leaves=5,
)
OBJECTS = st.one_of(
    st.tuples(TYPES, st.dictionaries(KEYS, VALUES, max_size=4)).map(
        lambda pair: "<< " + pair[0] + " ".join(f" {key} {value}" for key, value in pair[1].items()) + " >>"
    ),
    VALUES,
    st.just("null"),
)
CATALOGS = st.sampled_from(
    (
        "",
        "/StructTreeRoot 8 0 R",
        "/StructTreeRoot << /K 8 0 R >>",
        "/StructTreeRoot << /K [8 0 R 9 0 R] >>",
        "/StructTreeRoot 8 0 R /Names 9 0 R",
        "/A 8 0 R /B 9 0 R /C 10 0 R",
        "/Outlines 8 0 R",
        "/StructTreeRoot 1 0 R",
    )
)
PAGES = st.sampled_from(
    ["[3 0 R]", "[3 0 R 8 0 R]", "8 0 R", "[3 0 R 3 0 R]", "[<< /Type /Pages /Kids 9 0 R >> 3 0 R]"]
)


@settings(max_examples=200, deadline=None)
@given(
    CATALOGS,
    PAGES,
    st.lists(OBJECTS, min_size=8, max_size=8),
    st.dictionaries(st.sampled_from(NUMBERS), OBJECTS, max_size=3),
)
def test_finds_the_ways_of_any_document(catalog, kids, objects, later):
    """Loops, missing objects, trees that are none: the same ways, or both refuse."""
    made = {f"n{number}": value.encode() for number, value in zip(NUMBERS, objects, strict=True)}
    made["n2"] = f"<< /Type /Pages /Kids {kids} /Count 1 >>".encode()
    pdf = plain(catalog, **made)
    if later:
        pdf = update(pdf, {number: value.encode() for number, value in later.items()})
    compare(pdf)


def test_a_reference_to_what_only_a_later_revision_brings_refuses():
    """The attack that reading every object of the signed revision stops: content put in afterwards."""
    signed = plain("/A 30 0 R")
    whole = update(signed, {30: b"<< /Type /Later >>"})
    assert re.search(rb"30 0 R", newest(whole, 1))
    assert compare(whole)[0] == "refused"


def test_an_object_overwritten_in_place_is_told_from_its_first_version():
    """What is kept of one revision is not taken for another."""
    whole = update(plain("/A 8 0 R", n8=b"<< /V 1 /To 9 0 R >>", n9=b"[]"), {8: b"<< /V 2 >>"})
    reader = Reader(io.BytesIO(whole), strict=True)
    assert [reader.version((8, 0), revision)["/V"] for revision in (0, 1)] == [1, 2]
    assert compare(whole)[0][9, 0]
    assert not compare(whole)[1][9, 0]
