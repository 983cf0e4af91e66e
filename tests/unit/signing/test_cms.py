"""The reader of plain CMS says what the reader of every form says, or leaves it to that one."""

import copy
import hashlib
from functools import cache, partial

import pytest
from asn1crypto import cms as forms
from asn1crypto import core, x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from hypothesis import given, settings
from hypothesis import strategies as st

from signing import cms, cms_any, cms_plain
from signing.signed import DATA, TST_INFO, CmsError, interned
from signing.stamps import read_stamp
from tests.attacks.signers import by_rsa, pss
from tests.lab.authority import lab_authority
from tests.lab.derform import Node, nodes
from tests.lab.pdfs import a_cms, person
from tests.lab.services import a_document_token, a_token

COVERED = b"covered"
_AUTHORITY = lambda: lab_authority().certificate("people-ca")  # noqa: E731


def plain_rsa(digest: str = "sha256"):
    """An RSA scheme whose identifier names no digest."""
    return {"algorithm": "rsassa_pkcs1v15"}, padding.PKCS1v15(), getattr(hashes, digest.upper())()


def named_rsa():
    """An RSA scheme whose identifier names its digest."""
    return {"algorithm": "sha256_rsa"}, padding.PKCS1v15(), hashes.SHA256()


def protection():
    """The attribute of RFC 6211."""
    return forms.CMSAlgorithmProtection(
        {"digest_algorithm": {"algorithm": "sha256"}, "signature_algorithm": {"algorithm": "sha256_ecdsa"}}
    )


PLAIN = {
    "B-B": lambda: a_cms()(COVERED),
    "B-T": lambda: a_cms(token=a_token)(COVERED),
    "SHA-512": lambda: a_cms(digest="sha512")(COVERED),
    "protected": lambda: a_cms(token=a_token, attributes=[("cms_algorithm_protection", protection())])(
        COVERED
    ),
    "with a chain": lambda: a_cms(extra_certificates=(_AUTHORITY(),))(COVERED),
    "unbound": lambda: a_cms(leave_out=("signing_certificate_v2",))(COVERED),
    "of no time": lambda: a_cms(leave_out=("signing_time",))(COVERED),
    "spoilt": lambda: a_cms(spoil=True)(COVERED),
    "RSA": lambda: by_rsa(plain_rsa)(COVERED),
    "RSA by name": lambda: by_rsa(named_rsa)(COVERED),
    "commitment": lambda: a_cms(
        attributes=[("commitment_type", {"commitment_type_id": "1.2.840.113549.1.9.16.6.1"})]
    )(COVERED),
    "padded": lambda: a_cms(token=a_token)(COVERED) + bytes(500),
}
OTHER = {
    "PSS": lambda: by_rsa(pss("sha256", "sha256"))(COVERED),
    "unknown attribute": lambda: a_cms(attributes=[("1.2.3.4", core.Integer(1))])(COVERED),
    "enclosing": lambda: a_cms(content=b"enclosed")(COVERED),
    "two signers": lambda: a_cms(signers_=2)(COVERED),
    "SHA-1": lambda: a_cms(digest="sha1")(COVERED),
    "no digest": lambda: a_cms(leave_out=("message_digest",))(COVERED),
    "of another": lambda: a_cms(ess_of=_AUTHORITY())(COVERED),
    "trailing": lambda: a_cms(trailing=b"\0\0evil")(COVERED),
    "no CMS": lambda: b"\x30\x03\x02\x01\x01",
    "nothing": lambda: b"",
}


@cache
def value(name: str) -> bytes:
    """Make a value once."""
    return {**PLAIN, **OTHER}[name]()


@cache
def token() -> bytes:
    """Make a time-stamp once."""
    return a_document_token(COVERED)


def attempt(work):
    """What comes of it, exceptions too."""
    try:
        return work()
    except Exception as exc:  # noqa: BLE001
        return type(exc), str(exc) if isinstance(exc, CmsError) else ""


def told(signed, kind):
    """All that the rest of the room can learn of a value."""
    imprint = lambda algorithm: hashlib.new(algorithm, COVERED).digest()  # noqa: E731
    return {
        "certificates": (signed.certificate, signed.others),
        "digest": (signed.digest_algorithm, signed.message_digest),
        "claimed": (signed.claimed_at, signed.claimed_at and signed.claimed_at.tzinfo),
        "bound": (signed.bound, signed.weaknesses),
        "verifies": attempt(lambda: cms.verify_cms(signed, hashlib.sha256(COVERED).digest())),
        "signature": attempt(signed.signature),
        "content": kind == TST_INFO and attempt(signed.content),
        "stamp": kind == TST_INFO and attempt(lambda: stamped(read_stamp(signed, imprint))),
        "tokens": [attempt(lambda one=one: told(cms.read_token(one), TST_INFO)) for one in signed.tokens],
    }


def stamped(stamp):
    """A stamp without its CMS."""
    return stamp.at, stamp.at.tzinfo, stamp.intact, stamp.valid, stamp.faults


def by_door(contents: bytes, kind: str):
    """What the door of the two readers says."""
    return attempt(lambda: told(cms.read_cms(contents, kind), kind))


def by_any(contents: bytes, kind: str, monkeypatch: pytest.MonkeyPatch):
    """What the reader of every form says alone."""
    with monkeypatch.context() as patch:
        patch.setattr(cms_plain, "read", lambda *_: None)
        patch.setattr(cms_plain, "read_info", lambda *_: None)
        return attempt(lambda: told(cms.read_cms(contents, kind), kind))


PATCH = pytest.MonkeyPatch()
"""Hypothesis runs one test function many times: its fixture would be used up."""


def same(contents: bytes, kind: str) -> None:
    """Both say the same."""
    assert by_door(contents, kind) == by_any(contents, kind, PATCH)


@pytest.mark.parametrize("name", PLAIN)
def test_what_is_plain_is_read_plainly_and_says_the_same(name):
    """Signatures as usual tools make them need no second reader, and neither do their time-stamps."""
    signed = cms_plain.read_padded(value(name), DATA)
    assert signed is not None
    assert all(cms_plain.read(one, TST_INFO) is not None for one in signed.tokens)
    same(value(name), DATA)


@pytest.mark.parametrize("name", OTHER)
def test_what_is_not_known_is_left_to_the_other_reader(name):
    """The reader of plain values says nothing about them."""
    assert cms_plain.read_padded(value(name), DATA) is None
    same(value(name), DATA)


def test_a_document_time_stamp_is_read_plainly():
    """So is what it encloses."""
    signed = cms_plain.read_padded(token() + bytes(99), TST_INFO)
    assert signed is not None
    assert cms_plain.read_info(signed.content()) is not None
    same(token() + bytes(99), TST_INFO)


def test_a_time_stamp_that_encloses_something_else_is_left_to_the_other_reader():
    """It is no time-stamp, whatever its attributes say; an octet string holds what it likes."""
    (tree,) = nodes(token())
    enclosed = tree.children[1].children[0].children[2].children[1].children[0]
    enclosed.content, enclosed.children = b"\x00" + enclosed.content[1:], None
    assert cms_plain.read_padded(tree.written(), TST_INFO) is None
    same(tree.written(), TST_INFO)


def test_a_signature_that_does_not_verify_is_asked_twice(monkeypatch):
    """The reader of every form has the last word, whatever this one found."""
    signed = cms_plain.read_padded(value("spoilt"), DATA)
    monkeypatch.setattr(cms_any, "_verifies", lambda *_: True)
    assert signed.verifies()


@pytest.mark.parametrize("kind", [DATA, TST_INFO])
@pytest.mark.parametrize("name", ["B-T", "enclosing"])
def test_a_value_in_the_other_kinds_place(name, kind):
    """A signature is no time-stamp, and a time-stamp no signature."""
    same(value(name), kind)
    same(token(), kind)


def test_a_certificate_stays_as_it_came():
    """Whatever its length: asn1crypto writes one in 256 anew, and drops what DER would leave out."""
    (tree,) = nodes(_AUTHORITY())
    extensions = tree.children[0].children[-1].children[0].children
    extensions.append(Node(0x30, b""))
    for room in range(256):
        extensions[-1] = Node(0x30, b"\x06\x03\x2a\x03\x04\x01\x01\x00" + Node(0x04, bytes(room)).written())
        der = tree.written()
        if der[3] == 0x80:
            break
    assert x509.Certificate.load(der).dump() != der, "asn1crypto does so no more: what is in its way may go"
    assert interned(der).dump() == der
    assert interned(der).sha256 == hashlib.sha256(der).digest()


# --- values changed by chance --------------------------------------------------

SEEDS = [
    *(
        partial(lambda name: (value(name), DATA), name)
        for name in ("B-T", "protected", "RSA by name", "unbound")
    ),
    lambda: (token(), TST_INFO),
]
TAGS = st.sampled_from(
    [0x02, 0x03, 0x04, 0x05, 0x06, 0x0C, 0x13, 0x17, 0x18, 0x30, 0x31, 0xA0, 0xA1, 0x80, 0x24]
)
CONTENTS = st.one_of(
    st.binary(max_size=6),
    st.sampled_from(
        [
            bytes.fromhex(each)
            for each in (
                "2a864886f70d010701", "2a864886f70d010702", "2a864886f70d010904", "2a864886f70d010905",
                "2a864886f70d0109100104", "2a864886f70d010910020e", "2a864886f70d010910020c",
                "2a864886f70d01010b", "2a864886f70d010101", "2a8648ce3d040302", "608648016503040203",
                "01", "03", "ff", "00", "", "80",
            )
        ]
    ),
    st.sampled_from(
        [b"261124181400Z", b"20261124181400Z", b"20261124181400.5Z", b"20261124181400.50Z", b"491231235959Z",
         b"500101000000Z", b"20261124181400.1234567Z", b"261124181460Z", b"2611241814Z", b"00000101000000Z"]
    ),
)  # fmt: skip


def change(draw, tree: Node) -> None:
    """Change one place of a tree."""
    everything = list(tree.all())
    inner = [node for node in everything if node.children]
    if not inner:
        return
    parent = inner[draw(st.integers(0, len(inner) - 1))]
    place = draw(st.integers(0, len(parent.children) - 1))
    target = parent.children[place]
    what = draw(st.sampled_from(["drop", "twice", "swap", "tag", "content", "graft", "form", "flip", "cut"]))
    if what == "drop":
        del parent.children[place]
    elif what == "twice":
        parent.children.insert(draw(st.integers(0, len(parent.children))), copy.deepcopy(target))
    elif what == "swap":
        other = draw(st.integers(0, len(parent.children) - 1))
        parent.children[place], parent.children[other] = parent.children[other], target
    elif what == "tag":
        target.tag = draw(TAGS)
    elif what == "content":
        target.content, target.children = draw(CONTENTS), None
    elif what == "graft":
        parent.children[place] = copy.deepcopy(everything[draw(st.integers(0, len(everything) - 1))])
    elif what == "form":
        target.form = draw(st.sampled_from(["long", "ber"]))
    else:
        written = (
            target.content if target.children is None else b"".join(c.written() for c in target.children)
        )
        if not written:
            return
        at = draw(st.integers(0, len(written) - 1))
        flipped = written[:at] + bytes([written[at] ^ (1 << draw(st.integers(0, 7)))]) + written[at + 1 :]
        target.content, target.children = (flipped if what == "flip" else written[:at]), None


def signer_of(tree: Node) -> Node:
    """The one SignerInfo."""
    return tree.children[1].children[0].children[-1].children[0]


def sign_anew(tree: Node) -> None:
    """Sign what the signed attributes say now, if that can still be told."""
    try:
        signer = signer_of(tree)
        attributes = next(node for node in signer.children if node.tag == 0xA0)
        signature = next(node for node in signer.children if node.tag == 0x04)
    except (TypeError, IndexError, StopIteration):
        return
    text = b"\x31" + attributes.written()[1:]
    signature.content = lab_authority().key(person()).sign(text, ec.ECDSA(hashes.SHA256()))
    signature.children = None


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_whatever_is_changed_both_say_the_same(data):
    """Elements dropped, doubled, moved, retagged, grafted, in other lengths and forms."""
    contents, kind = data.draw(st.sampled_from(SEEDS))()
    (tree,) = nodes(contents)
    for _ in range(data.draw(st.integers(1, 3))):
        change(data.draw, tree)
    same(tree.written() + data.draw(st.sampled_from([b"", bytes(7), b"\0\x01", b"\x30\0"])), kind)


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_whatever_a_signer_signs_both_say_the_same(data):
    """The signed attributes are changed and signed anew, so that signatures stay good."""
    name = data.draw(st.sampled_from(["B-B", "protected", "commitment"]))
    (tree,) = nodes(value(name))
    signer = signer_of(tree)
    for _ in range(data.draw(st.integers(1, 2))):
        change(
            data.draw, next((node for node in signer.children if node.tag == 0xA0 and node.children), signer)
        )
    sign_anew(tree)
    same(tree.written(), DATA)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_whatever_byte_is_changed_both_say_the_same(data):
    """Any byte of any value: lengths and tags too."""
    contents, kind = data.draw(st.sampled_from(SEEDS))()
    place = data.draw(st.integers(0, len(contents) - 1))
    junk = data.draw(st.binary(max_size=3))
    gone = data.draw(st.integers(0, 3))
    same(contents[:place] + junk + contents[place + gone :], kind)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_what_a_time_stamp_says_is_read_the_same(data):
    """Of a `TSTInfo` with anything in it changed."""
    content = cms_any.read_der(token(), TST_INFO).content()
    (tree,) = nodes(content)
    for _ in range(data.draw(st.integers(0, 3))):
        change(data.draw, tree)
    written = tree.written()
    plain = cms_plain.read_info(written)
    assert plain is None or plain == cms_any.read_info(written)
