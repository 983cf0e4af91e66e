"""What the catalog of each revision opens, hides and grants (rule G8, and usage rights for rule G2)."""

from collections.abc import Iterator
from typing import Any, Final

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.reader import PdfFileReader

from axis.violations import Code
from signing.forbidden import has_own_code
from signing.objects import resolved

NAMES: Final = ("OpenAction", "OCProperties")
"""What must turn up in the bytes before the catalogs need to be looked at."""

_STATES: Final = (("/View", "/ViewState"), ("/Print", "/PrintState"), ("/Export", "/ExportState"))


def check_catalogs(reader: PdfFileReader) -> frozenset[Code]:
    """Look at the catalog of every revision, each with the objects of its time.

    Args:
        reader: the document, not encrypted.
    """
    found = set()
    for catalog in _catalogs(reader):
        if not _plain(resolved(catalog, "/OpenAction")):
            found.add(Code.CONTENT_OPENING)
        layers = resolved(catalog, "/OCProperties")
        if isinstance(layers, generic.DictionaryObject) and _hidden(layers):
            found.add(Code.CONTENT_HIDDEN)
    return frozenset(found)


def usage_rights(reader: PdfFileReader) -> int:
    """Return how many signature dictionaries grant usage rights, and nothing else.

    Reader-enabled documents bear one: it unlocks functions of one product, no
    viewer shows it as a signature, and nothing here relies on it.
    """
    rights = set()
    for catalog in _catalogs(reader):
        permissions = resolved(catalog, "/Perms")
        if not isinstance(permissions, generic.DictionaryObject):
            continue
        for name in ("/UR", "/UR3"):
            raw = permissions.raw_get(name) if name in permissions else None
            if isinstance(raw, generic.IndirectObject) and _grants(raw.get_object()):
                rights.add(raw.reference.idnum)
    return len(rights)


def _catalogs(reader: PdfFileReader) -> Iterator[generic.DictionaryObject]:
    for number in range(reader.total_revisions):
        revision = reader.get_historical_resolver(number)
        if "/Root" not in revision.trailer_view:
            continue
        root = revision.root_ref
        if reader.xrefs.get_historical_ref(root, number) is None:
            continue  # half of a linearised file: its catalog stands in the other half
        catalog = revision(root)
        if isinstance(catalog, generic.DictionaryObject):
            yield catalog


def _plain(action: Any) -> bool:  # noqa: ANN401  # pyHanko's objects are untyped
    if action is None or isinstance(action, generic.ArrayObject):
        return True
    if not isinstance(action, generic.DictionaryObject):
        return False
    kind = resolved(action, "/S")
    return has_own_code(kind) or (kind == "/GoTo" and resolved(action, "/Next") is None)


def _hidden(layers: generic.DictionaryObject) -> bool:
    usual = resolved(layers, "/D")
    if not isinstance(usual, generic.DictionaryObject):
        return False
    off, base = resolved(usual, "/OFF"), resolved(usual, "/BaseState", "/ON")
    if base != "/ON" or (isinstance(off, generic.ArrayObject) and len(off) > 0):
        return True
    # With automatic states, what a layer is for may switch it off for one who views, prints or exports.
    groups = resolved(layers, "/OCGs")
    if resolved(usual, "/AS") is None or not isinstance(groups, generic.ArrayObject):
        return False
    return any(_switched_off(group.get_object()) for group in groups)


def _switched_off(group: Any) -> bool:  # noqa: ANN401
    usage = resolved(group, "/Usage") if isinstance(group, generic.DictionaryObject) else None
    if not isinstance(usage, generic.DictionaryObject):
        return False
    return any(
        isinstance(part := resolved(usage, name), generic.DictionaryObject)
        and resolved(part, state) == "/OFF"
        for name, state in _STATES
    )


def _grants(signature: Any) -> bool:  # noqa: ANN401
    references = (
        resolved(signature, "/Reference") if isinstance(signature, generic.DictionaryObject) else None
    )
    return isinstance(references, generic.ArrayObject) and all(
        isinstance(one := references[index], generic.DictionaryObject)
        and resolved(one, "/TransformMethod") in {"/UR", "/UR3"}
        for index in range(len(references))
    )
