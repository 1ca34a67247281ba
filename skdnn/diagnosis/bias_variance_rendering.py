"""A bias/variance report as text, dict, data frame and HTML."""

from html import escape
from textwrap import wrap

from skdnn._sklearn import check_pandas_support
from skdnn.diagnosis.bias_variance_findings import (
    KINDS,
    Finding,
    diagnosis_of,
)
from skdnn.diagnosis.bias_variance_gaps import Gap, PartError

_WIDTH = 88
# Colours are inherited, so that the table is readable on light and on dark pages.
_TABLE = '<table style="border-collapse: collapse; margin: 0.5em 0">'
_CELL = "padding: 0.2em 0.8em; border-bottom: 1px solid rgba(128, 128, 128, 0.5)"


class BiasVarianceRendering:
    """The forms in which a report is read; `errors`, `gaps`, `findings` are its own."""

    errors: tuple[PartError, ...]
    gaps: tuple[Gap, ...]
    findings: tuple[Finding, ...]
    confidence: float
    measure: str

    @property
    def diagnosis(self) -> str:
        """The verdict in a few words."""
        return diagnosis_of(self.gaps)

    def __str__(self) -> str:
        """Return the report as a table, findings and remedies."""
        lines = [f"Bias and variance: {self.diagnosis}", self._made_of(), ""]
        for head, *rows in (self._error_rows(), self._gap_rows()):
            widths = [
                max(len(row[column]) for row in (head, *rows))
                for column in range(len(head))
            ]
            lines += [_aligned(row, widths) for row in (head, *rows)]
            lines.append("")
        for finding in self.findings:
            lines += wrap(f"{finding.code}: {finding.text}", _WIDTH)
            for number, remedy in enumerate(finding.remedies, start=1):
                lines += wrap(
                    f"{number}. {remedy}",
                    _WIDTH,
                    initial_indent="  ",
                    subsequent_indent="     ",
                )
        return "\n".join(lines).rstrip()

    def to_dict(self) -> dict:
        """Return the report in plain Python types, ready for JSON.

        Returns
        -------
        dict
            "diagnosis", "confidence", "measure", and lists of "errors", "gaps" and
            "findings".
        """
        return {
            "diagnosis": self.diagnosis,
            "measure": self.measure,
            "confidence": self.confidence,
            "errors": [
                {
                    "part": part.name,
                    "error": part.error,
                    "n_rows": part.n_rows,
                    "interval": _as_list(part.interval),
                }
                for part in self.errors
            ],
            "gaps": [
                {
                    "gap": gap.name,
                    "size": gap.size,
                    "interval": _as_list(gap.interval),
                    "threshold": gap.threshold,
                    "verdict": gap.verdict,
                    "rows_needed": gap.rows_needed,
                }
                for gap in self.gaps
            ],
            "findings": [
                {
                    "code": finding.code,
                    "text": finding.text,
                    "numbers": finding.numbers,
                    "remedies": [
                        {"text": remedy.text, "params": dict(remedy.params)}
                        for remedy in finding.remedies
                    ],
                }
                for finding in self.findings
            ],
        }

    def to_frame(self):
        """Return the gaps as a data frame, one row each; needs pandas.

        Returns
        -------
        pandas.DataFrame
            Columns "size", "low", "high" (of the interval, NaN without one),
            "threshold", "verdict" and "rows_needed" (a nullable integer); the index
            "gap" has the names.
        """
        pandas = check_pandas_support(f"{type(self).__name__}.to_frame")
        without = (float("nan"), float("nan"))
        low, high = zip(*(gap.interval or without for gap in self.gaps), strict=True)
        names = pandas.Index([gap.name for gap in self.gaps], name="gap")
        needed = [gap.rows_needed for gap in self.gaps]
        return pandas.DataFrame(
            {
                "size": [gap.size for gap in self.gaps],
                "low": low,
                "high": high,
                "threshold": [gap.threshold for gap in self.gaps],
                "verdict": [gap.verdict for gap in self.gaps],
                "rows_needed": pandas.array(needed, dtype="Int64"),
            },
            index=names,
        )

    def _repr_html_(self) -> str:
        tables = (_html_table(rows) for rows in (self._error_rows(), self._gap_rows()))
        findings = "".join(
            f"<p><b>{escape(finding.code)}</b>: {escape(finding.text)}</p>"
            + _html_list(finding.remedies)
            for finding in self.findings
        )
        return (
            f"<div><p><b>Bias and variance: {escape(self.diagnosis)}</b><br>"
            f"{escape(self._made_of())}</p>{''.join(tables)}{findings}</div>"
        )

    def _made_of(self):
        made = f"Error: {self.measure}"
        if any(part.interval for part in self.errors):
            made += f"; intervals with {self.confidence:g} confidence"
        return made

    def _error_rows(self):
        return [
            ("part", "error", "rows", "interval"),
            *(
                (
                    part.name,
                    f"{part.error:.4f}",
                    "" if part.n_rows is None else str(part.n_rows),
                    _between(part.interval),
                )
                for part in self.errors
            ),
        ]

    def _gap_rows(self):
        return [
            ("gap", "size", "threshold", "interval", "verdict"),
            *(
                (
                    KINDS[gap.name].label,
                    f"{gap.size:.4f}",
                    f"{gap.threshold:g}",
                    _between(gap.interval),
                    gap.verdict,
                )
                for gap in self.gaps
            ),
        ]


def _aligned(cells, widths):
    """Return the cells of a row below each other: names to the left, the rest right."""
    first, *rest = (
        (cell.ljust if column == 0 else cell.rjust)(width)
        for column, (cell, width) in enumerate(zip(cells, widths, strict=True))
    )
    return "   ".join([first, *rest]).rstrip()


def _between(interval):
    return "" if interval is None else f"{interval[0]:.4f} to {interval[1]:.4f}"


def _as_list(interval):
    return None if interval is None else list(interval)


def _html_table(rows):
    head, *body = (
        "".join(
            f'<{tag} style="text-align: {"right" if column else "left"}; {_CELL}">'
            f"{escape(cell)}</{tag}>"
            for column, cell in enumerate(cells)
        )
        for cells, tag in zip(rows, ["th"] + ["td"] * (len(rows) - 1), strict=True)
    )
    lines = "".join(f"<tr>{row}</tr>" for row in body)
    return f"{_TABLE}<thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table>"


def _html_list(remedies):
    items = "".join(f"<li>{escape(str(remedy))}</li>" for remedy in remedies)
    return f"<ol>{items}</ol>" if items else ""
