"""Rule T10: a stand-alone secrecy mark in the header."""

import unicodedata

import msgspec
import pytest

from axis.checks.policy import load_policy
from axis.checks.secrecy import secret_mark
from axis.violations import Code
from tests.unit.edxml.packets import ENVELOPE

MARKS = load_policy().secret_marks


def marked(**change):
    found = secret_mark(msgspec.structs.replace(ENVELOPE, **change), MARKS)
    return found and (found.code, found.field)


@pytest.mark.parametrize(
    "text",
    [
        "MẬT",
        "Mật",
        " tối mật ",
        "TUYỆT  MẬT",
        "[TỐI MẬT]",
        "(MẬT)",
        "MẬT.",
        "*** MẬT ***",
        "-MẬT-",
        unicodedata.normalize("NFD", "TUYỆT MẬT"),
        "MẬ\u200bT",
        "ＭẬＴ",
        "МẬТ",  # Cyrillic
        "(M\u200bẬT) V/v",
        "(MẬ\u034fT) V/v",
        "(MẬT) V/v phương án",
        "TUYỆT MẬT - Kế hoạch",
        "Kế hoạch [TỐI MẬT]",
        "Độ mật: MẬT",
    ],
)
def test_a_mark_that_stands_alone_is_found(text):
    """Whatever its case, form and frame, a whole value is a mark; in a longer one set-off capitals are."""
    assert marked(subject=text) == (Code.SECRECY_MARKED, "Subject")


@pytest.mark.parametrize(
    "text",
    [
        "V/v bảo mật thông tin",
        "Quản lý BÍ MẬT đời tư",
        "BẢO MẬT",
        "đường, mật, sữa",
        "MẬT ONG RỪNG",
        "Luật Bảo vệ bí mật nhà nước",
        "QUY CHẾ BẢO MẬT - 2026",
        "Nguyễn Văn Mật",
        "mật độ xây dựng",
        "",
    ],
)
def test_words_that_hold_a_mark_are_none(text):
    """A sentence about secrets is no secret."""
    assert marked(subject=text) is None


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"type_name": "Mật"}, "DocumentType.TypeName"),
        ({"notation": "MẬT"}, "Code.CodeNotation"),
        ({"content": "MẬT"}, "Content"),
        ({"to_places": ("Như trên", "MẬT")}, "ToPlaces.Place[1]"),
        ({"business_reason": "Tối mật"}, "Bussiness.BussinessDocReason"),
        ({"others": (("OtherInfo.DoMat", "Mật"),)}, "OtherInfo.DoMat"),
    ],
)
def test_the_field_is_named(change, field):
    """Every header field is looked at, those without a name of ours too."""
    assert marked(**change) == (Code.SECRECY_MARKED, field)


def test_the_violation_holds_nothing_of_the_content():
    """What stays of a secret document is an incident without content."""
    found = secret_mark(msgspec.structs.replace(ENVELOPE, subject="(MẬT) hầm ngầm"), MARKS)
    assert "hầm" not in repr(found)
