"""
Data augmentation on digits
===========================

A digit drawn slightly differently is still the same digit. Altering the training
images differently in each epoch lowers the dev error of a network, here by almost as
much as twice as many images would.
"""

# %%
# What each augmenter does
# ------------------------
# An augmenter is an estimator without `fit`: a set of parameters and a method that
# alters a block of training rows, with random numbers from a generator that it is
# given. `fit` calls it for each block in each epoch; here we call it directly.
#
# A row is a flattened image of 8 × 8 pixels. All pixels are divided by 16, so that
# pixels that enter from outside can be 0, like the background. With `InputStandardizer`
# each pixel would have a different background.
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits

from skdnn import (
    AugmentationPipeline,
    CutMix,
    Cutout,
    ElasticDistortion,
    GaussianNoise,
    Mixup,
    MLPRegularizedClassifier,
    RandomFlip,
    RandomResizedCrop,
    RandomRotation,
    RandomShift,
    train_dev_test_split,
)

X, y = load_digits(return_X_y=True)
X /= 16
shape = (8, 8)
augmenters = {
    "original": GaussianNoise(0),
    "RandomFlip": RandomFlip(shape),
    "RandomShift": RandomShift(shape, max_shift=1),
    "RandomResizedCrop": RandomResizedCrop(shape, scale=(0.5, 1)),
    "RandomRotation": RandomRotation(shape, max_angle=20),
    "ElasticDistortion": ElasticDistortion(shape, alpha=8, sigma=2),
    "GaussianNoise": GaussianNoise(0.2),
    "Cutout": Cutout(4, image_shape=shape),
    "CutMix": CutMix(image_shape=shape),
    "Mixup": Mixup(1.0),
}
rng = np.random.default_rng(4)
Y, s = np.eye(10)[y[:8]], np.ones(8)
fig, axes = plt.subplots(
    len(augmenters), 8, figsize=(7, 8), layout="constrained", squeeze=False
)
for (name, augmenter), line in zip(augmenters.items(), axes, strict=True):
    changed, _, _ = augmenter.augment(X[:8].copy(), Y, s, rng)
    line[0].set_ylabel(name, rotation=0, ha="right", va="center")
    for ax, image in zip(line, changed.reshape(-1, *shape), strict=True):
        ax.imshow(image, cmap="gray_r", vmin=0, vmax=1)
        ax.set(xticks=[], yticks=[])
plt.show()

# %%
# The last two mix images, and their labels too: half a 3 and half a 5 should be
# predicted as each with probability one half.
#
# Flips are shown for completeness. A mirrored digit is not a digit, so they are wrong
# here: an augmenter states what the label does *not* depend on, and only you know that.
#
# With and without augmentation, on few digits
# --------------------------------------------
# There are 200 training digits. Dev digits are never altered. The strength of an
# augmenter is a hyperparameter like any other: shifting half of the digits by up to one
# pixel in each epoch helps, shifting all of them does not. A pixel is an eighth of the
# image, and parts of the digit get lost. Elastic distortion imitates another
# handwriting.
X_train, X_dev, _, y_train, y_dev, _ = train_dev_test_split(
    X, y, dev_size=800, test_size=len(y) - 1000, stratify=y, random_state=0
)
elastic = ElasticDistortion(shape, alpha=8, sigma=2)
shift = RandomShift(shape, max_shift=1, p=0.5)
nets = {}
for name, augmentation in {
    "none": None,
    "shift half of them": shift,
    "shift all of them": RandomShift(shape, max_shift=1),
    "elastic": elastic,
    "elastic, mixup": AugmentationPipeline([("elastic", elastic), ("mixup", Mixup())]),
}.items():
    net = MLPRegularizedClassifier(
        (128,),
        augmentation=augmentation,
        alpha=0.1,
        keep_prob=1.0,
        batch_size=50,
        learning_rate="cosine",
        learning_rate_init=0.005,
        max_iter=150,
        tol=0,
        n_iter_no_change=150,
        random_state=0,
    )
    nets[name] = net.fit(X_train, y_train, X_val=X_dev, y_val=y_dev)
    train, dev = (1 - net.score(*rows) for rows in ((X_train, y_train), (X_dev, y_dev)))
    print(f"{name:20} train error {train:5.1%}, dev error {dev:5.1%}")

# %%
# The reported training cost is that of the altered rows. It stays higher, as it should.
# The dev cost is what counts.
fig, axes = plt.subplots(1, 2, figsize=(9, 3.6), sharey=True, layout="constrained")
for name, style in {"none": "-", "elastic": "--"}.items():
    net = nets[name]
    epochs = range(1, net.n_iter_ + 1)
    axes[0].semilogy(epochs, net.loss_curve_, style, label=name)
    axes[1].semilogy(epochs, net.validation_loss_curve_, style, label=name)
axes[0].set(title="training", xlabel="epoch", ylabel="cost per row (log scale)")
axes[1].set(title="dev", xlabel="epoch")
axes[1].legend(title="augmentation")
plt.show()

# %%
# A search addresses the parameters of an augmenter, or of a step of an augmentation
# pipeline, by name: ``augmentation__alpha``, ``augmentation__elastic__alpha``.
