"""Renders a bias/variance report as text, dict, data frame or HTML."""

from html import escape
from textwrap import wrap

from skdnn._sklearn import check_pandas_support
from skdnn.diagnosis.arguments import short_name
from skdnn.diagnosis.bias_variance.findings import KINDS

_WIDTH = 88
# Colours are inherited, so that the table is readable on light and dark pages.
_TABLE = '<table style="border-collapse: collapse; margin: 0.5em 0">'
_CELL = "padding: 0.2em 0.8em; border-bottom: 1px solid rgba(128, 128, 128, 0.5)"


def as_line(report) -> str:
    """Return the diagnosis and the errors in one line."""
    errors = ", ".join(f"{part.name} {part.error:.4g}" for part in report.errors)
    return f"<{type(report).__name__}: {_headline(report)}; {errors}>"


def as_text(report) -> str:
    """Return the report as tables, findings and remedies."""
    lines = [f"Bias and variance: {_headline(report)}", _measure(report), ""]
    for rows in _tables(report):
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines += [*(_aligned(row, widths) for row in rows), ""]
    for finding in report.findings:
        lines += wrap(str(finding), _WIDTH)
        for number, remedy in enumerate(finding.remedies, start=1):
            lines += wrap(
                f"{number}. {remedy}",
                _WIDTH,
                initial_indent="  ",
                subsequent_indent="     ",
            )
    return "\n".join(lines).rstrip()


def as_dict(report) -> dict:
    """Return the report as plain Python types."""
    return {
        "diagnosis": report.diagnosis,
        "measure": report.measure,
        "confidence": report.confidence,
        "bayes": report.bayes,
        "errors": [
            {
                "part": part.name,
                "error": part.error,
                "n_rows": part.n_rows,
                "interval": _as_list(part.interval),
            }
            for part in report.errors
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
            for gap in report.gaps
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
            for finding in report.findings
        ],
        "constants": [
            {"part": one.part, "error": one.error, "prediction": one.prediction}
            for one in report.constants
        ],
        "trials": [
            {
                "text": trial.text,
                "params": dict(trial.params),
                "part": trial.part,
                "before": trial.before,
                "after": trial.after,
                "interval": _as_list(trial.interval),
                "verdict": trial.verdict,
            }
            for trial in report.trials
        ],
    }


def as_frame(report):
    """Return the gaps as a pandas data frame."""
    pandas = check_pandas_support(f"{type(report).__name__}.to_frame")
    without = (float("nan"), float("nan"))
    low, high = zip(*(gap.interval or without for gap in report.gaps), strict=True)
    names = pandas.Index([gap.name for gap in report.gaps], name="gap")
    needed = [gap.rows_needed for gap in report.gaps]
    return pandas.DataFrame(
        {
            "size": [gap.size for gap in report.gaps],
            "low": low,
            "high": high,
            "threshold": [gap.threshold for gap in report.gaps],
            "verdict": [gap.verdict for gap in report.gaps],
            "rows_needed": pandas.array(needed, dtype="Int64"),
        },
        index=names,
    )


def as_html(report) -> str:
    """Return the report for a notebook."""
    tables = map(_html_table, _tables(report))
    findings = "".join(
        f"<p><b>{escape(finding.code)}</b>: {escape(finding.text)}</p>"
        + _html_list(finding.remedies)
        for finding in report.findings
    )
    return (
        f"<div><p><b>Bias and variance: {escape(_headline(report))}</b><br>"
        f"{escape(_measure(report))}</p>{''.join(tables)}{findings}</div>"
    )


def _measure(report):
    text = f"Error: {report.measure}"
    if any(part.interval for part in report.errors):
        text += f"; {100 * report.confidence:g} % confidence intervals"
    return text


def _headline(report):
    is_known = report.bayes != "assumed" or report.high_bias is False
    return report.diagnosis + ("" if is_known else " (Bayes error 0 assumed)")


def _tables(report):
    """Return the tables as rows of cells, the header first."""
    of_trials = [_trial_rows(report)] if report.trials else []
    return [_error_rows(report), _gap_rows(report), *of_trials]


def _error_rows(report):
    constants = {one.part: f"{one.error:.4f}" for one in report.constants}
    rows = [("part", "error", "rows", "interval")]
    for part in report.errors:
        is_noted = part.name == "Bayes" and report.bayes != "given"
        rows.append(
            (
                f"{part.name} ({report.bayes})" if is_noted else part.name,
                f"{part.error:.4f}",
                "" if part.n_rows is None else str(part.n_rows),
                _between(part.interval),
            )
        )
    if not constants:
        return rows
    column = ["constant", *(constants.get(part.name, "") for part in report.errors)]
    return [(*row, cell) for row, cell in zip(rows, column, strict=True)]


def _trial_rows(report):
    part = report.trials[0].part
    return [
        ("tried", f"{part} error", "change", "interval", "verdict"),
        *(
            (
                ", ".join(
                    f"{short_name(name)}={value!r}"
                    for name, value in trial.params.items()
                ),
                f"{trial.after:.4f}",
                f"{trial.after - trial.before:+.4f}",
                _between(trial.interval),
                trial.verdict,
            )
            for trial in report.trials
        ),
    ]


def _gap_rows(report):
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
            for gap in report.gaps
        ),
    ]


def _aligned(cells, widths):
    """Return a row padded to the column widths; only the first cell is left-aligned."""
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
