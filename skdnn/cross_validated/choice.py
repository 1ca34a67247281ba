"""The networks of a fit: one for each candidate and fold, and those on all rows."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from skdnn.cross_validated import parameters
from skdnn.cross_validated.candidates import Candidate
from skdnn.cross_validated.contenders import Contender
from skdnn.cross_validated.inputs import (
    Inputs,
    fit_preprocessor,
    inputs_of_fold,
)
from skdnn.cross_validated.nets import NetInTraining
from skdnn.cross_validated.pooled import HeldOut
from skdnn.cross_validated.workers import Workers
from skdnn.estimators import plan
from skdnn.estimators.dev_scoring import DevScorer
from skdnn.estimators.rows import Rows
from skdnn.preprocessing.mixed_tables import TableColumns
from skdnn.training.tables import Examples, Table


class Seeds(NamedTuple):
    """The random seed of each network."""

    nets: np.ndarray  # one for each fold, the same for all candidates
    members: np.ndarray


@dataclass(frozen=True)
class Choice:
    """The data and settings that all networks of a fit share.

    Attributes
    ----------
    estimator : BaseMLPRegularizedCV
        A copy that has the columns of the rows.
    rows : Rows
        All training rows of positive weight, validated, with X as the caller's table.
    targets : Targets
        The encoder of the targets.
    columns : TableColumns or None
        The numeric and the categorical columns; None with ``preprocess=False``.
    parts : list of (Rows, Rows)
        The training and the held-out rows of each fold.
    suffix : str
        Suffix of the argument names of held-out rows in error messages: "_val" for
        X_val, else "".
    seeds : Seeds
        The random seed of each network.
    """

    estimator: Any
    rows: Rows
    targets: Any
    columns: TableColumns | None
    parts: list[tuple[Rows, Rows]]
    suffix: str
    seeds: Seeds

    def contenders(
        self, candidates: list[Candidate], workers: Workers
    ) -> list[Contender]:
        """Return the candidates with an untrained network for each fold."""
        encodings = dict.fromkeys(c.encoding for c in candidates)
        jobs = [(encoding, part) for encoding in encodings for part in self.parts]
        made = iter(workers.map(lambda job: self._inputs(*job), jobs))
        inputs = {encoding: [next(made) for _ in self.parts] for encoding in encodings}
        contenders: list[Contender] = []
        like: dict[str | None, Contender] = {}  # a contender with the same inputs
        for candidate in candidates:
            encoding = candidate.encoding
            contenders.append(
                self._contender(candidate, inputs[encoding], like.get(encoding))
            )
            like.setdefault(encoding, contenders[-1])
        return contenders

    def _inputs(self, encoding: str | None, part: tuple[Rows, Rows]) -> Inputs:
        is_scored = not plan.follows_cost(self.estimator)
        return inputs_of_fold(self.columns, encoding, *part, self.targets, is_scored)

    def _contender(
        self, candidate: Candidate, folds: list[Inputs], like: Contender | None
    ) -> Contender:
        nets, held_out, scorers = [], [], []
        for k, (fold, seed) in enumerate(zip(folds, self.seeds.nets, strict=True)):
            trained = None if like is None else like.nets[k].examples
            net = self._net(candidate, fold.train, int(seed), trained)
            model = net.model
            examples = None if like is None else like.held_out[k].examples
            if examples is None or not _is_shared(examples):
                dtype = model.theta.dtype
                examples = fold.held_out.examples(model.targets, dtype, self.suffix)
            nets.append(net)
            held_out.append(HeldOut(examples, model.targets.cost_unit))
            if not plan.follows_cost(self.estimator):
                scorers.append(DevScorer(net.estimator, model, fold.held_out))
        preprocessors = [f.preprocessor for f in folds if f.preprocessor is not None]
        return Contender(candidate, nets, held_out, preprocessors, scorers)

    def members(self, candidate: Candidate) -> tuple[list[NetInTraining], list[Any]]:
        """Return untrained networks for all rows, and their preprocessors."""
        rows, preprocessors = self.rows, []
        if candidate.encoding is not None and self.columns is not None:
            preprocessor, rows = fit_preprocessor(
                self.columns, candidate.encoding, rows, self.targets
            )
            preprocessors = [preprocessor] * len(self.seeds.members)
        nets: list[NetInTraining] = []
        for seed in self.seeds.members:
            trained = nets[0].examples if nets else None
            nets.append(self._net(candidate, rows, int(seed), trained))
        return nets, preprocessors

    def _net(
        self, candidate: Candidate, rows: Rows, seed: int, trained: Examples | None
    ) -> NetInTraining:
        """Return a network; `trained` are the examples of another on the same rows."""
        batch_rows = parameters.batch_rows(self.estimator, rows.n_rows)
        net = parameters.net_of(self.estimator, candidate, batch_rows, seed)
        if trained is not None and not _is_shared(trained):
            trained = None
        return NetInTraining(net, rows, self.targets, trained)


def _is_shared(examples: Examples) -> bool:
    """Whether several networks can read them at once; a stream has a position."""
    return isinstance(examples.table, Table)
