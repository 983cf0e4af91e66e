"""What the catalog of each revision opens, hides and grants (rule G8, and usage rights for rule G2)."""

from collections.abc import Iterator
from typing import Any, Final

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.reader import PdfFileReader

from axis.violations import Code
from signing.forbidden import is_plain
from signing.objects import resolved

NAMES: Final = ("OpenAction", "OCProperties")
"""What must turn up in the bytes before the catalogs need to be looked at."""

_STATES: Final = (("/View", "/ViewState"), ("/Print", "/PrintState"))
"""Some viewers go by these whatever the document says of automatic states, others never else."""
_AUTOMATIC: Final = (*_STATES, ("/Export", "/ExportState"))
_PERSONAL: Final = ("/Zoom", "/Language", "/User")
"""With automatic states, a layer shows by how near, in which language and by whom it is looked at."""


def check_catalogs(reader: PdfFileReader) -> frozenset[Code]:
    """Look at the catalog of every revision, each with the objects of its time.

    Args:
        reader: the document, not encrypted.
    """
    found = set()
    for catalog in _catalogs(reader):
        if not is_plain(resolved(catalog, "/OpenAction")):
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


def _hidden(layers: generic.DictionaryObject) -> bool:
    usual, others = resolved(layers, "/D"), resolved(layers, "/Configs")
    if isinstance(usual, generic.DictionaryObject) and _hides(usual):
        return True
    # One viewer takes the first other configuration that says what it is for.
    for other in _each(others):
        if isinstance(other, generic.DictionaryObject) and "/Intent" in other and _hides(other):
            return True
    automatic = isinstance(usual, generic.DictionaryObject) and resolved(usual, "/AS") is not None
    return any(_switched_off(group, automatic=automatic) for group in _each(resolved(layers, "/OCGs")))


def _each(listed: Any) -> Iterator[Any]:  # noqa: ANN401
    if isinstance(listed, generic.ArrayObject):
        yield from (listed[index] for index in range(len(listed)))


def _hides(configuration: generic.DictionaryObject) -> bool:
    off, base = resolved(configuration, "/OFF"), resolved(configuration, "/BaseState", "/ON")
    return base != "/ON" or (isinstance(off, generic.ArrayObject) and len(off) > 0)


def _switched_off(group: Any, *, automatic: bool) -> bool:  # noqa: ANN401
    usage = resolved(group, "/Usage") if isinstance(group, generic.DictionaryObject) else None
    if not isinstance(usage, generic.DictionaryObject):
        return False
    if automatic and any(name in usage for name in _PERSONAL):
        return True
    return any(
        isinstance(part := resolved(usage, name), generic.DictionaryObject)
        and resolved(part, state) == "/OFF"
        for name, state in (_AUTOMATIC if automatic else _STATES)
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
