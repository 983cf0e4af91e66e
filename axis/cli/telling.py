"""A checked file as a person reads it on a terminal."""

from typing import Final

from rich.markup import escape

from axis.appearance.grades import Grade
from axis.cli import out
from axis.cli.visible import visible
from axis.report.story import Told, ToldFile, ToldReason
from axis.report.words import Pair
from axis.reports import Outcome

MARKS: Final = {
    Outcome.ACCEPTED: "[green]✓[/green]",
    Outcome.REFUSED: "[red]✗[/red]",
    Outcome.WAITING: "[yellow]…[/yellow]",
    Outcome.NOT_JUDGED: "[dim]·[/dim]",
}
_SHORT: Final = 44
"""Letters of English that still stand beside the Vietnamese."""


class Teller:
    """Prints in one language; Vietnamese has short English beside it."""

    def __init__(self, lang: str) -> None:
        """Take ``vi`` or ``en``."""
        self._english = lang == "en"

    def tell(self, told: Told, *, advice: bool) -> None:
        """Print one file: what it is, four parts, the signatures' story, advice by page.

        Args:
            told: in words.
            advice: the pages were looked at.
        """
        head = f"{MARKS[told.outcome]} [bold]{escape(told.path)}[/bold]"
        self._print(f"{head}  {self._words(told.kind)}, {told.elapsed_ms:.0f} ms")
        for fact, _ in told.facts:
            self._print(f"  {escape(fact)}")
        self._print(f"  [bold]{self._words(('Kết luận', 'Verdict'))}: {self._words(told.verdict)}[/bold]")
        for number, part in enumerate(told.parts, start=1):
            meaning = f": {self._words(part.meaning)}" if part.meaning[0] else ""
            name = f"{self._words(part.name)}: {self._words(part.verdict)}"
            self._print(f"  {number}. {MARKS[part.outcome]} {name}{meaning}")
            for reason in part.reasons:
                self._reason(reason, "✗" if part.outcome is Outcome.REFUSED else "…")
        if told.findings:
            self._print(f"  {self._words(('Lưu ý, không chặn', 'Findings, not blocking'))}")
            for reason in told.findings:
                self._reason(reason, "•")
        for file in told.files:
            self._file(file, advice=advice, named=len(told.files) > 1)
        self._print("")

    def _file(self, file: ToldFile, *, advice: bool, named: bool) -> None:
        if named:
            self._print(f"  [bold]{escape(file.name)}[/bold] ({file.size})")
        if file.signatures:
            self._print(f"  {self._words(('Chữ ký, theo thứ tự ký', 'Signatures, in order of signing'))}")
        for one in file.signatures:
            stamp = f" ({self._words(('dấu thời gian', 'time-stamp'))})" if one.stamp else ""
            who = " – ".join(filter(None, (one.who or "?", one.agency)))
            mark = MARKS[Outcome.ACCEPTED if one.sound else Outcome.REFUSED]
            self._print(f"   {one.number}. {mark} [bold]{escape(who)}[/bold]{stamp} ({escape(one.field)})")
            for line in (one.when, one.covered, one.after, one.state):
                self._print(f"      {self._words(line, alone=True)}")
            self._print(f"      [dim]{escape(one.indication)}[/dim]")
        if advice:
            self._advice(file)

    def _advice(self, file: ToldFile) -> None:
        if not file.looked:
            self._print(f"  {self._words(('Trình bày: không xét được', 'Appearance: could not be judged'))}")
            return
        if file.pages > file.looked_at:
            pages = f"{file.looked_at}/{file.pages}"
            self._print(f"  {self._words((f'Chỉ xem {pages} trang', f'Only {pages} pages were looked at'))}")
        if not file.advice:
            self._print(f"  {self._words(('Trình bày: không có khuyến nghị', 'Appearance: no advice'))}")
            return
        title = "Trình bày: khuyến nghị, không chặn", "Appearance: advice, never blocking"
        self._print(f"  [bold]{self._words(title)}[/bold]")
        page = 0
        for one in file.advice:
            if one.page != page:
                page = one.page
                self._print(f"   {self._words((f'Trang {page}', f'Page {page}'))}")
            sign = "▲" if one.grade is Grade.ADVICE else "•"
            left, top, right, bottom = one.box
            where = f"[dim]{left:.0f}–{right:.0f} × {top:.0f}–{bottom:.0f} mm[/dim]"
            self._print(
                f"    {sign} {one.rule} {where} {self._words((one.found.vi, one.found.en), alone=True)}"
            )
            says = self._words((one.wanted.vi, one.wanted.en), alone=True)
            self._print(f"       → {says} [dim]({escape(one.article)})[/dim]")

    def _reason(self, reason: ToldReason, sign: str) -> None:
        detail = f" [dim]{escape(reason.detail)}[/dim]" if reason.detail else ""
        self._print(f"      {sign} {reason.rule} {reason.code}: {self._words(reason.words)}{detail}")
        if reason.todo[0]:
            self._print(f"        → {self._words(reason.todo)}")

    def _words(self, pair: Pair, *, alone: bool = False) -> str:
        vi, en = pair
        if self._english:
            return escape(en)
        if alone or len(en) > _SHORT or vi == en:
            return escape(vi)
        return f"{escape(vi)} [dim]({escape(en)})[/dim]"

    def _print(self, line: str) -> None:
        out.console().print(visible(line), soft_wrap=True)
