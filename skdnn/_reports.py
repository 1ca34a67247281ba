"""How reports are displayed: a line at a prompt, text in print, HTML in a notebook."""

from html import escape

# The font is named: some notebook themes show <pre> in a proportional one.
_PRE = (
    '<pre style="font-family: monospace; line-height: 1.3; margin: 0.5em 0; '
    'overflow-x: auto; white-space: pre">'
)


class Report:
    """A base class of reports, whose text begins with a one-line summary.

    A dataclass derived from it needs ``repr=False``, or its repr prints its arrays.
    """

    def __repr__(self) -> str:
        """Return the first line of the text."""
        headline, _ = _parts(self)
        return f"<{type(self).__name__}: {headline}>"

    def _repr_html_(self) -> str:
        """Return the text for a notebook, where its columns stay aligned."""
        headline, rest = _parts(self)
        below = f"{_PRE}{escape(rest)}</pre>" if rest else ""
        return f"<div><p><b>{escape(headline)}</b></p>{below}</div>"


def _parts(report) -> tuple[str, str]:
    """Return the first line of a report, and the rest."""
    headline, _, rest = str(report).partition("\n")
    return headline, rest.strip("\n")
