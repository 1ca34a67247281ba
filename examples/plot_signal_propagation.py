"""
Vanishing and exploding gradients
=================================

The size of activations and derivatives in each layer of a deep network at random
initialisation, and how it depends on the initialiser.
"""

# %%
# Linear layers: 1.5 and 0.5 to the power of L
# --------------------------------------------
# With layers without activation and W = c·I, each layer multiplies the signal by c,
# forward and backward, to the digit.
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.pipeline import make_pipeline

from skdnn import (
    InputStandardizer,
    MLPRegularizedClassifier,
    MLPRegularizedRegressor,
    SignalPropagationDisplay,
    signal_propagation,
)


def scaled_identity(c):
    return lambda rng, n_in, n_out: c * np.eye(n_in, n_out)


rng = np.random.default_rng(0)
X_linear, y_linear = rng.normal(size=(2, 50, 4))
n_layers = 20
linear = {
    f"W = {c} I": MLPRegularizedRegressor(
        hidden_layer_sizes=(4,) * (n_layers - 1),
        activation="identity",
        init=scaled_identity(c),
        bias_init="zeros",
    )
    for c in (1.5, 0.5)
}
reports = {
    name: signal_propagation(net, X_linear, y_linear, n_epochs=0)
    for name, net in linear.items()
}
for c, report in zip((1.5, 0.5), reports.values(), strict=True):
    grown = report.at_init.layers[-1].rms / report.at_init.input_rms
    print(f"{c}^{n_layers} = {c**n_layers:.12g}, measured {grown:.12g}")

# %%
SignalPropagationDisplay.from_report(reports)
plt.show()

# %%
# Ten layers of ReLU, four initialisers
# -------------------------------------
# ReLU halves the mean square of a signal, so the weights must compensate:
# Var(w) = 2 / n_in (He). With 1 / n_in (Xavier) each layer loses a factor of √2, with
# weights of standard deviation 0.01 far more.
X, y = load_digits(return_X_y=True)
X, y = X[:300], y[:300]


def twice_he(rng, n_in, n_out):
    return 2 * rng.normal(0, np.sqrt(2 / n_in), (n_in, n_out))


def deep(activation, **options):
    net = MLPRegularizedClassifier((50,) * 10, activation, random_state=0, **options)
    return make_pipeline(InputStandardizer(), net)


SignalPropagationDisplay.from_estimator(
    deep("relu"), X, y, init=["normal", "xavier", "he", twice_he]
)
plt.show()

# %%
# The report says so in words and names the initialiser that would help.
print(signal_propagation(deep("relu", init="xavier"), X, y, n_epochs=0))

# %%
# Large weights and tanh
# ----------------------
# Here activations cannot explode. They saturate instead: all units are in the flat part
# of tanh for most rows. In the backward pass the large weights outweigh the small
# slopes, and derivatives explode.


def too_large(rng, n_in, n_out):
    return rng.normal(0, 8 / np.sqrt(n_in), (n_in, n_out))


report = signal_propagation(deep("tanh", init=too_large), X, y, n_epochs=0)
frame = report.to_frame()
print(frame[["rms", "stuck", "backward_rms"]].round(3).to_string())
print(f"{report.verdict}: {report.remedies[0]}")

# %%
# During training
# ---------------
# With the right initialiser, signals stay healthy while the network learns. The last
# column of the table is the size of the next step relative to the weights.
good = deep("tanh", init="xavier", learning_rate_init=0.003)
report = signal_propagation(good, X, y, n_epochs=20)
print(report)

# %%
SignalPropagationDisplay.from_report(report)
plt.show()
