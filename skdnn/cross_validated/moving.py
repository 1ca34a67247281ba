"""Fitted networks as scikit-learn's, in an ensemble where there are several."""

from copy import deepcopy
from typing import Any

import numpy as np
from sklearn.base import is_classifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import LabelEncoder
from sklearn.utils import Bunch
from sklearn.utils.validation import check_is_fitted

from skdnn._sklearn import complete_fitted_mlp
from skdnn.estimators.base import BaseMLPRegularized
from skdnn.estimators.moving.export import OnnxExport


class Movable(OnnxExport):
    """The methods that give fitted networks to scikit-learn and to ONNX."""

    @property
    def _voting(self) -> Any:
        """The ensemble of scikit-learn that averages predictions."""
        from sklearn.ensemble import VotingClassifier, VotingRegressor

        return VotingClassifier if is_classifier(self) else VotingRegressor

    def to_sklearn(self) -> Any:
        """Return the fitted networks as scikit-learn's, with what makes their inputs.

        They predict the same, but for the rounding of networks that compute in
        float32: some 1e-6. What scikit-learn does not have of the training is left
        out: a new fit of the result has no dropout and chooses nothing.

        Returns
        -------
        estimator
            An MLPClassifier or MLPRegressor; of several members, a VotingClassifier or
            VotingRegressor that averages them. It ends a Pipeline that begins with a
            copy of the preprocessor; with ``refit=False`` each member has its own
            Pipeline, with ``preprocess=False`` there is none. Preprocessors stay those
            of skdnn, which has to be there where the result is loaded from a file.

        Raises
        ------
        NotFittedError
            Before fit.
        ValueError
            If hidden layers differ in their activation, or it is not one of
            scikit-learn's four. If there are several members, and one class or
            several labels or outputs, which scikit-learn's ensembles do not take.

        Examples
        --------
        >>> from sklearn.datasets import load_diabetes
        >>> from skdnn import MLPRegularizedRegressorCV
        >>> X, y = load_diabetes(return_X_y=True)
        >>> model = MLPRegularizedRegressorCV((8,), random_state=0).fit(X, y)
        >>> pipeline = model.to_sklearn()
        >>> [type(step).__name__ for step in pipeline]
        ['Pipeline', 'MLPRegressor']
        >>> bool(abs(pipeline.predict(X) - model.predict(X)).max() < 1e-3)
        True
        """
        check_is_fitted(self)
        transformers, nets = zip(*self._averaged(), strict=True)
        if len(nets) > 1:
            self._check_that_ensembles_take(nets[0]._model.targets, len(nets))
        mlps = [_as_mlp(net) for net in nets]
        if len({id(each) for each in transformers}) == 1:
            return _behind(transformers[0], self._one_of(mlps))
        return self._one_of(
            [_behind(*each) for each in zip(transformers, mlps, strict=True)]
        )

    def _check_that_ensembles_take(self, targets, n_nets: int) -> None:
        what = ""
        if targets.are_classes and targets.is_constant:
            what = "one class"
        elif getattr(targets, "is_multilabel", targets.n_outputs > 1):
            what = "several labels" if targets.are_classes else "several outputs"
        if what:
            raise ValueError(
                f"scikit-learn's {self._voting.__name__} takes no y of {what}. Take "
                f"the {n_nets} networks one by one, from members_ by "
                "to_sklearn(strict=False), or fit with n_members=1."
            )

    def _one_of(self, estimators: list) -> Any:
        """Return the one estimator, or a fitted ensemble of several."""
        if len(estimators) == 1:
            return estimators[0]
        named = [(f"net_{k}", each) for k, each in enumerate(estimators, 1)]
        of_classes = is_classifier(self)
        voting = self._voting(named, **({"voting": "soft"} if of_classes else {}))
        voting.estimators_, voting.named_estimators_ = estimators, Bunch(**dict(named))
        if hasattr(estimators[0], "feature_names_in_"):
            voting.feature_names_in_ = estimators[0].feature_names_in_
        if of_classes:
            voting.classes_ = estimators[0].classes_
            voting.le_ = LabelEncoder().fit(voting.classes_)
            for each in estimators:
                _number_classes(each)
        return voting


def _as_mlp(net: BaseMLPRegularized) -> Any:
    """Return one network; what scikit-learn does not know of training is left out."""
    n_rows = round(net.t_ / net._state.time)  # its curve has checkpoints, not epochs
    return net.to_sklearn(n_samples=n_rows, strict=False)


def _behind(transformer, estimator) -> Any:
    if transformer is None:
        return estimator
    return Pipeline([("preprocessor", deepcopy(transformer)), ("net", estimator)])


def _number_classes(estimator) -> None:
    """Give classes the numbers that a VotingClassifier encodes them by."""
    mlp = estimator[-1] if isinstance(estimator, Pipeline) else estimator
    mlp.classes_ = np.arange(len(mlp.classes_))
    complete_fitted_mlp(mlp, is_multilabel=False)
