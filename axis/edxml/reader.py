"""edXML packets, read in one streaming pass.

`HeaderReader` for the doors: it looks at the header while the packet is still
coming. `read_packet` for the gate: the header, the manifest, and every
attachment decoded into a scratch file. Both read by the same rules, F1 to F8,
F11, F12 and F14; what needs policy or the moment is `axis.checks.format`.
"""

from dataclasses import dataclass
from typing import BinaryIO

from axis.checks.policy import Limits
from axis.edxml.attachments import AttachmentSink, DecodedAttachment
from axis.edxml.packet import PacketListener
from axis.edxml.scanner import BLOCK, Scanner
from axis.edxml.stops import StopError
from axis.envelope import Envelope, Reference
from axis.violations import Code, Violation


@dataclass(frozen=True, slots=True)
class HeaderReading:
    """What the header says."""

    envelope: Envelope | None
    """None: the packet cannot be read, or the header has not ended."""
    seen: Envelope
    """What was seen of it in any case, to judge secrecy marks by and nothing else."""
    violations: tuple[Violation, ...]
    findings: tuple[Violation, ...]
    is_status: bool
    """It is a status packet (exchange-rules.md 1.4), which other functions read."""


@dataclass(frozen=True, slots=True)
class PacketReading:
    """What a whole packet holds."""

    envelope: Envelope | None
    """None: the packet cannot be read up to the end of its header."""
    violations: tuple[Violation, ...]
    findings: tuple[Violation, ...]
    references: tuple[Reference, ...]
    """The manifest."""
    attachments: tuple[DecodedAttachment, ...]
    """In manifest order, those without a line of it last; broken ones are left out."""
    splice_offset: int | None
    """Byte offset where the axis' TraceHeader goes; None: there is no place."""
    splice_prefix: str
    """Prefix that is bound there to the edXML namespace, with its colon; empty: the default one."""
    splice_list: bool
    """The packet has no TraceHeaderList: the splice brings its own."""
    is_status: bool = False


class HeaderReader:
    """Reads the header of a packet from the pieces it comes in, and nothing after it."""

    def __init__(self, limits: Limits) -> None:
        self._listener = PacketListener(limits, sink=None)
        self._scanner = Scanner(limits, self._listener)
        self._done = False

    def feed(self, chunk: bytes) -> bool:
        """Take the next bytes, in pieces of any size.

        Returns:
            True when there is nothing more to see: the header ended, or the
            packet cannot be read. Bytes are looked at in blocks of 64 KiB,
            the last of them in `result`.
        """
        if not self._done:
            try:
                self._scanner.feed(chunk)
            except StopError as stop:
                self._stop(stop)
        return self._done

    def result(self) -> HeaderReading:
        """Return what was read; call it after the header or the last byte."""
        if not self._done:
            self._done = True
            try:
                self._scanner.close()
            except StopError as stop:
                self._stop(stop)
        listener = self._listener
        return HeaderReading(
            envelope=listener.envelope,
            seen=listener.header.envelope(),
            violations=tuple(listener.notes.violations),
            findings=tuple(listener.notes.findings),
            is_status=listener.header.is_status,
        )

    def _stop(self, stop: StopError) -> None:
        self._done = True
        self._scanner.release()
        if stop.violation:
            self._listener.notes.violations.append(stop.violation)


def read_packet(stream: BinaryIO, limits: Limits, sink: AttachmentSink) -> PacketReading:
    """Read a whole packet in constant memory.

    Args:
        stream: the packet's bytes, positioned at their start.
        limits: caps of the policy.
        sink: owns the scratch files of the attachments; close it when done.

    Returns:
        All that was found, up to the point where reading had to stop. Never
        raises for anything that the bytes may hold.

    Raises:
        OSError: the stream cannot be read, or there is no room for scratch files.

    Source:
        exchange-rules.md 1.2, 1.3, 1.6 and 1.9; gate.md, "edXML rules".
    """
    listener = PacketListener(limits, sink=sink)
    scanner = Scanner(limits, listener)
    notes = listener.notes
    try:
        while block := stream.read(BLOCK):
            scanner.feed(block)
        scanner.close()
        listener.end()
    except StopError as stop:
        scanner.release()
        if stop.violation:
            notes.violations.append(stop.violation)
    if listener.envelope and listener.envelope.xml_signature:
        notes.find(Code.FINDING_XML_SIGNATURE, "Signature", "không kiểm tra / not judged")
    return PacketReading(
        envelope=listener.envelope,
        violations=tuple(notes.violations),
        findings=tuple(notes.findings),
        references=tuple(listener.references),
        attachments=tuple(listener.in_manifest_order()),
        splice_offset=listener.splice_offset,
        splice_prefix=listener.splice_prefix,
        splice_list=listener.splice_list,
        is_status=listener.header.is_status,
    )
