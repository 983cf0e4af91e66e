"""How many attacks each rule catches alone: a calculation on reports, no switch in the product.

A rule catches a file alone where the file would be accepted if that rule's
violations were taken out of its report. Trust counts only where integrity and
content have nothing to say: it refuses whatever could not be verified.
"""

from collections import Counter
from dataclasses import dataclass, field

from axis.reports import PdfReport
from axis.violations import REASONS, Code


@dataclass
class Counts:
    """What each attack was refused for."""

    reasons: dict[str, frozenset[Code]] = field(default_factory=dict)

    def add(self, name: str, report: PdfReport) -> None:
        """Keep why an attack was refused."""
        first = {reason.code for part in (report.integrity, report.content) for reason in part.reasons}
        self.reasons[name] = frozenset(first or {reason.code for reason in report.trust.reasons})

    def caught(self) -> Counter[Code]:
        """Count the files that each rule has a word on."""
        return Counter(code for codes in self.reasons.values() for code in codes)

    def alone(self) -> Counter[Code]:
        """Count the files that would be accepted without the rule."""
        return Counter(code for codes in self.reasons.values() if len(codes) == 1 for code in codes)

    def table(self) -> str:
        """Write the table, in Markdown."""
        caught, alone = self.caught(), self.alone()
        lines = ["| code | rule | files | alone |", "|---|---|---|---|"]
        lines += [
            f"| `{code}` | {REASONS[code].rule} | {caught[code]} | {alone[code]} |"
            for code in Code
            if code in caught
        ]
        return "\n".join(lines)
