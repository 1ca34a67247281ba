"""The fold scores of a search, arranged by the values of one or two parameters."""

from dataclasses import dataclass

import numpy as np

from skdnn._reports import Report
from skdnn.diagnosis.arguments import is_number, short_name


@dataclass(frozen=True, eq=False, repr=False)
class SearchTable(Report):
    """Scores of the best candidate for each pair of values; prints as a table.

    Of several candidates with the same values, the one with the best mean score is
    used: the best over all other parameters.
    """

    param: str  # full name
    hue: str | None  # full name of the second parameter
    values: list  # of the parameter
    hue_values: list  # of the second parameter, or [None]
    dev_scores: np.ndarray  # (n_hues, n_values, n_splits), NaN if none was fitted
    train_scores: np.ndarray | None
    is_grid: bool  # False if each value was tried only once while others varied

    def __str__(self) -> str:
        """Return the best value, and a table of means and standard deviations."""
        n_hues, n_values, n_splits = self.dev_scores.shape
        means = np.array([[_mean(fold) for fold in row] for row in self.dev_scores])
        shade, best = np.unravel_index(int(np.argmax(means)), means.shape)
        param = short_name(self.param)
        hue = None if self.hue is None else short_name(self.hue)
        at = f"{param}={text_of(self.values[best])}"
        at += f", {hue}={text_of(self.hue_values[shade])}" if hue else ""
        width = 2 + max(12, len(param), len(hue or ""))
        lines = [
            f"Best score {means[shade, best]:.4g} with {at}, mean of {n_splits} folds",
            "",
            f"{param:>{width}}"
            + ("" if hue is None else f"{hue:>{width}}")
            + f"{'dev':>10}{'std':>11}"
            + ("" if self.train_scores is None else f"{'train':>10}"),
        ]
        for row, column in np.ndindex(n_hues, n_values):
            dev = self.dev_scores[row, column]
            if np.isnan(dev).all():
                continue
            line = f"{text_of(self.values[column]):>{width}}"
            if hue is not None:
                line += f"{text_of(self.hue_values[row]):>{width}}"
            line += f"{dev.mean():>10.4g}{dev.std():>11.2g}"
            if self.train_scores is not None:
                line += f"{self.train_scores[row, column].mean():>10.4g}"
            lines.append(line)
        return "\n".join(lines)

    @classmethod
    def of(cls, cv_results, param, hue=None, metric="score") -> "SearchTable":
        """Arrange the `cv_results_` of a search.

        Parameters
        ----------
        cv_results : dict
            The `cv_results_` of a fitted search.
        param, hue : str
            Full names of parameters of the search, or their last parts.
        metric : str, default="score"
            Name of the metric, if there are several.
        """
        dev = _fold_scores(cv_results, "test", metric)
        train = _fold_scores(cv_results, "train", metric)
        param = full_name(cv_results, param, "param")
        hue = hue and full_name(cv_results, hue, "hue")
        if param == hue:
            raise ValueError(f"param and hue must differ, got {param!r} for both.")
        of_param = _column(cv_results, param)
        of_hue = _column(cv_results, hue) if hue else [None] * len(of_param)
        best: dict[tuple, int] = {}
        n_tried = 0
        for candidate, (value, shade) in enumerate(zip(of_param, of_hue, strict=True)):
            if value is np.ma.masked or shade is np.ma.masked:
                continue  # from one of several grids, without this parameter
            n_tried += 1
            place = _key(value), _key(shade)
            so_far = best.get(place)
            if so_far is None or _mean(dev[candidate]) > _mean(dev[so_far]):
                best[place] = candidate
        if not best:
            raise ValueError(
                f"No candidate of the search has both {param!r} and {hue!r}."
            )
        values = _in_order([of_param[candidate] for candidate in best.values()])
        shades = _in_order([of_hue[candidate] for candidate in best.values()])

        def arranged(scores):
            table = np.full((len(shades), len(values), scores.shape[1]), np.nan)
            for (value, shade), candidate in best.items():
                row = [_key(v) for v in shades].index(shade)
                column = [_key(v) for v in values].index(value)
                table[row, column] = scores[candidate]
            return table

        varied = [key for key in cv_results if key.startswith("param_")]
        is_alone = len(varied) == 1 + (hue is not None)
        return cls(
            param,
            hue,
            values,
            shades,
            arranged(dev),
            None if train is None else arranged(train),
            is_grid=is_alone or n_tried > len(values),
        )


def full_name(cv_results, name, argument) -> str:
    """Return the full name of a parameter of a search.

    "alpha" stands for "net__alpha" if no other parameter has that last part.
    """
    known = [key.removeprefix("param_") for key in cv_results if key[:6] == "param_"]
    if isinstance(name, str) and name in known:
        return name
    meant = [each for each in known if each.endswith(f"__{name}")]
    if len(meant) != 1:
        raise ValueError(
            f"{argument} must be one of the parameters that the search varied, "
            f"{sorted(known)}, got {name!r}."
        )
    return meant[0]


def are_numbers(values) -> bool:
    """Whether all values fit on a numeric axis."""
    return all(map(is_number, values))


def text_of(value) -> str:
    """Return a parameter value as a label."""
    if is_number(value):
        return f"{value:.4g}"
    if isinstance(value, str):
        return value
    return getattr(value, "__name__", None) or str(value)


def _fold_scores(cv_results, part, metric):
    """Return the scores of all folds, shape (n_candidates, n_splits), or None."""
    n_splits = sum(
        key.startswith("split") and key.endswith(f"_test_{metric}")
        for key in cv_results
    )
    if n_splits == 0:
        metrics = [
            key.removeprefix("mean_test_")
            for key in cv_results
            if key.startswith("mean_test_")
        ]
        raise ValueError(
            f"The search has no metric {metric!r}; metric must be one of {metrics}."
        )
    keys = [f"split{split}_{part}_{metric}" for split in range(n_splits)]
    if keys[0] not in cv_results:
        return None
    return np.column_stack([cv_results[key] for key in keys])


def _column(cv_results, param) -> list:
    column = cv_results[f"param_{param}"]
    mask = np.ma.getmaskarray(column)
    return [
        np.ma.masked if hidden else value
        for value, hidden in zip(np.ma.getdata(column), mask, strict=True)
    ]


def _key(value):
    """Return a hashable key that is the same for equal values."""
    return value if isinstance(value, str) or is_number(value) else repr(value)


def _mean(scores) -> float:
    """Return the mean over the folds; -inf if one of them failed."""
    mean = scores.mean()
    return mean if np.isfinite(mean) else -np.inf


def _in_order(values) -> list:
    """Return distinct values: numbers ascending, others in the order of the search."""
    distinct = list({_key(value): value for value in values}.values())
    return sorted(distinct) if are_numbers(distinct) else distinct
