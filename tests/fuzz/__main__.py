"""Coverage-guided fuzzing of what reads the bytes of others: ``python -m tests.fuzz TARGET SECONDS FOLDER``.

A finding is an exception that is not documented, an input that takes longer
than 5 s, more than 1 GB of memory, or something accepted that nobody signed
so. It ends the run with an exit code that is not 0, its input in FOLDER.
"""

import sys
from pathlib import Path
from typing import Final

import atheris

from tests.fuzz.mending import mend

_READERS: Final = ["signing", "axis.edxml", "axis.checks", "pyhanko", "asn1crypto"]
_WORDS: Final = {
    "pdf": (
        "obj", "endobj", "stream", "endstream", "xref", "trailer", "startxref", "%%EOF", "/Type", "/Sig",
        "/ByteRange", "/Contents", "/Fields", "/Kids", "/Parent", "/AcroForm", "/Prev", "/Size", "/Root",
        "/XRefStm", "/ObjStm", "/W", "/Index", "/Length", "/Filter", "/FlateDecode", "/DocMDP", "/FieldMDP",
        "/Reference", "/TransformParams", "/Annots", "/AP", "/V", "/FT", "/JavaScript", "/Launch", "/Encrypt",
        "null", " 0 R", "<<", ">>",
    ),
    "cms": ("\\x30\\x80", "\\x00\\x00", "\\x31\\x00", "\\x06\\x09", "\\xa0\\x82", "\\x04\\x20", "\\x02\\x01"),
    "edxml": (
        "<!DOCTYPE", "<![CDATA[", "]]>", "<!--", "-->", "<?xml", "&#x", "xmlns=", "xmlns:", "edXML:",
        "OrganId", "ContentId", "Reference", "Attachment", "ContentTransferEncoded", "=",
    ),
}  # fmt: skip
_LONGEST: Final = {"pdf": 60_000, "cms": 8_000, "edxml": 20_000}


def _mutate_pdf(data: bytes, longest: int, seed: int) -> bytes:
    # Every second one is mended, so that both broken and sound references are tried.
    mutated = bytes(atheris.Mutate(data, len(data)))
    return mend(mutated)[:longest] if seed % 2 else mutated[:longest]


def main() -> None:
    """Fuzz one target."""
    target, seconds, folder = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])
    with atheris.instrument_imports(include=_READERS):
        from tests.fuzz.seeds import write_seeds  # noqa: PLC0415 - instrumented while it is imported
        from tests.fuzz.targets import TARGETS, check_seeds  # noqa: PLC0415
    check_seeds()
    folder.mkdir(parents=True, exist_ok=True)
    write_seeds(target, folder / "corpus")
    words = folder / "words"
    words.write_text("".join(f'"{word}"\n' for word in _WORDS[target]), encoding="ascii")
    options = [
        f"-max_total_time={seconds}", "-timeout=5", "-rss_limit_mb=1024", f"-max_len={_LONGEST[target]}",
        f"-dict={words}", f"-artifact_prefix={folder}/found-", "-print_final_stats=1", "-seed=5",
        str(folder / "corpus"),
    ]  # fmt: skip
    mutator = {"custom_mutator": _mutate_pdf} if target == "pdf" else {}
    atheris.Setup([sys.argv[0], *options], TARGETS[target], **mutator)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
