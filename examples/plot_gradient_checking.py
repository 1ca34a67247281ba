"""
Gradient checking before training
=================================

Three steps, each of which relies on the one before: is the gradient right, does J fall
at each step, and only then switch dropout on.
"""

# %%
# One-sided and two-sided differences
# -----------------------------------
# The derivative of θ³ at θ = 1 is 3. With a step of 0.01 the two-sided difference is
# more accurate by two digits.
import matplotlib.pyplot as plt
from sklearn.datasets import load_digits
from sklearn.pipeline import make_pipeline

from skdnn import (
    CostDescentDisplay,
    DifferenceOrderDisplay,
    GradientCheckDisplay,
    InputStandardizer,
    MLPRegularizedClassifier,
    check_cost_descends,
    check_gradients,
)
from skdnn.estimators.inspection import TrainingProblem
from skdnn.network.gradient_check import check_gradient
from skdnn.network.segments import per_parameter


def cube(theta):
    return theta**3


step = 0.01
print(f"one-sided {(cube(1 + step) - cube(1)) / step:.4f}")
print(f"two-sided {(cube(1 + step) - cube(1 - step)) / (2 * step):.4f}")

# %%
# The same for the J of a network, averaged over some of its weights and biases. On
# log-log axes an error of order ε is a line of slope 1, an error of order ε² a line of
# slope 2. On the left the rounding of J takes over, and smaller steps are worse.
X, y = load_digits(return_X_y=True)
X, y = X[:300], y[:300]
net = MLPRegularizedClassifier((32, 16), activation="tanh", random_state=0)
model = make_pipeline(InputStandardizer(), net)
DifferenceOrderDisplay.from_estimator(model, X[:100], y[:100])
plt.show()

# %%
# Is the gradient right?
# ----------------------
# Compare backpropagation with two-sided differences, at random initialisation and again
# after some training. J includes the penalty but not dropout.
checks = check_gradients(model, X[:100], y[:100], max_params=300)
print(checks)

# %%
# Errors below the dashed line count as correct.
GradientCheckDisplay.from_report(checks)
plt.show()

# %%
# What a mistake looks like
# -------------------------
# The gradient of skdnn is right, so we check a wrong one: a gradient without the
# penalty. `TrainingProblem` and `check_gradient` are the internal functions that you
# would use while changing a formula in the source.
problem = TrainingProblem.at_init(net.set_params(alpha=1.0), X[:100] / 16, y[:100])
objective = problem.objective
is_weight = per_parameter(objective.network.segments, "l2")  # 1, and 0 for biases


def without_penalty(theta):
    gradient = objective.value_and_gradient(theta)[1]
    return gradient - objective.penalty.l2 * is_weight * theta


report = check_gradient(
    objective, problem.state.theta, gradient=without_penalty, max_params=300
)
print(report)

# %%
# The weights are wrong, and the biases, which have no penalty, are not: the plot says
# where to look.
GradientCheckDisplay.from_report(report)
plt.show()

# %%
# Does J fall?
# ------------
# This is plain gradient descent on all rows. With dropout, J is a different function at
# each step and need not fall, so dropout is off here, whatever the estimator's setting.
descent = check_cost_descends(model, X, y)
print(descent)

# %%
CostDescentDisplay.from_report(descent)
plt.show()

# %%
# Now switch dropout on
# ---------------------
assert checks.passed and descent.passed
net.set_params(keep_prob=0.8, early_stopping=True, max_iter=500)
model.fit(X, y)
print(f"trained for {net.n_iter_} epochs")
