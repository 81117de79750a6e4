"""The parameters and attributes that classifier and regressor share, as parts of their docstrings."""

from __future__ import annotations

from typing import TypeVar

Class = TypeVar("Class", bound=type)

PARAMETERS = """
Parameters
----------
modalities : mapping of str to str or sequence, optional
    Columns of every modality. Where X is a DataFrame: a list of names, one name, or one pattern of names such
    as "text_*". Where X is an array: a list of positions.
norm : {"none", "bn", "vbn", "dbn", "ibn"}, default "ibn"
    Normalisation of the tensor products; scores of subsets can be compared under "ibn".
p : float, default 1.0
    In [1, inf], the norm of the relevance scores: 1 selects few subsets, larger values spread the relevance.
penalty : float or list of float, default 0.01
    lambda, the factor of the block norm. Given a list, the value with the lowest held-out loss is used.
max_order : int, None or "auto", default "auto"
    Largest number of modalities in a subset; None for no limit. "auto" is None up to three
    modalities, else 2.
convention : {"mkl", "scaled_output", "as_printed"}, default "mkl"
    How p, the exponent of the block norm and beta belong together.
encoders : mapping of str to str, mapping or nn.Module, optional
    Encoder by modality: "vector", "sequence" or "symbols" (whole numbers or letters that are a sequence of
    symbols), or a mapping with the key "kind" and arguments of that encoder, or your own module that maps
    (B, ...) to (B, dim), alone or as ``{"module": module, "dim": dim}``, see
    `mmfusion.encoders.ModuleEncoder`. Default: by the axes of the array, and "symbols" for strings that look
    like sequences of letters.
dim : int, default 8
    Width of the features of every modality.
epochs : int, optional
    Passes over the training samples. Default: as many as make about 1000 steps, at least 10, at most 200.
batch_size : int, default 64
    Samples per step; fewer samples are one batch.
learning_rate : float, default 0.005
    Of AdamW at the first step; it falls to zero as a half cosine.
weight_decay : float, default 0.01
    Decoupled decay of the encoders' weight matrices.
n_seeds : int, default 1
    Networks that are trained from different seeds and averaged; with two or more there are intervals.
validation_fraction : float, optional
    Share of the samples (or groups) that is held out of training, to choose lambda and to measure the
    held-out columns of `relevance_`. Default: none, and 0.2 where `penalty` is a list.
nonfinite : {"error", "zero", "missing"}, default "error"
    What becomes of NaN and infinity among the features: an error; a zero in their place; or the sample lacks
    the modality. Changes are counted in a warning.
unmatched : {"error", "drop"}, default "error"
    What becomes of samples that only some of X, y, groups and weights name in their index: an error, or they
    are dropped and counted in a warning. Predictions are in the order of the first modality that names its
    samples.
random_state : int, RandomState or None, default None
    Source of all seeds; with a number, fits are repeatable.
device : {"auto", "cpu", "cuda"}, default "auto"
    Where networks are trained.
verbose : bool, default False
    Whether to draw a progress bar over the epochs.
"""

ATTRIBUTES = """
relevance_ : DataFrame
    One row per subset: subset, order, and the measures block_norm, beta, weight_share (from the weights) and
    loss_rise, variance_share, covariance_share, reducibility_single, reducibility_within (on held-out
    samples, else NaN), each with the bounds ``_low`` and ``_high`` of a 95 % bootstrap interval over seeds
    (NaN for one).
penalty_ : float
    The lambda that was used.
penalties_ : DataFrame
    Every candidate for lambda with its loss on the held-out samples, beside that of the best constant, and
    its share of right decisions there, or R^2 (``score_validation``).
history_ : DataFrame
    Norms and losses after every epoch.
modalities_ : tuple of str
    Names of the modalities, in modality order.
columns_ : dict of str to tuple
    Names of the columns of every modality that had some; the samples of a prediction may have them in
    another order.
subsets_ : list of str
    Labels of the subsets, in the order of all tables.
n_features_in_ : int
    Number of columns, of a table or an array only.
feature_names_in_ : array of str
    Names of the columns, of a table only.
"""


def documented(owner: Class) -> Class:
    """Fill the shared parts into the docstring of a class."""
    text = owner.__doc__ or ""
    for name, part in (("parameters", PARAMETERS), ("attributes", ATTRIBUTES)):
        text = text.replace("{" + name + "}", part.strip().replace("\n", "\n    "))
    owner.__doc__ = text
    return owner
