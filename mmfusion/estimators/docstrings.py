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
penalty : "auto", float or list of float, default "auto"
    lambda, the factor of the block norm. Of a list, the value with the lowest out-of-fold loss is used.
    "auto" is a path from 1e-4 to 1e-1 that ends at all blocks zero, the constant prediction; vectors whose
    encoder you do not choose are tried with a hidden layer, without one, and (where all modalities are such
    vectors) as a linear model: without products of modalities, too, and from 1e-6.
cv : int, splitter, iterable of (train, held-out) or None, default 5
    Folds. Every sample is predicted by networks that were trained without its fold; lambda, all held-out
    columns and all tests use these out-of-fold scores. A number: stratified by class, with whole groups where
    there are groups. None: one network per seed is trained on all samples, and nothing is measured.
information : bool or "pairs", default False
    Whether networks with fewer modalities are trained, too, for `information_`, `modality_information_` and
    `synergy_`: with all coalitions up to four modalities; of more, single modalities, all without one, and
    with "pairs" all pairs.
floor : float, default 0.02
    Share of the explained loss below which nothing is named, whatever its p-value.
max_order : int, None or "auto", default "auto"
    Largest number of modalities in a subset, at most all of them; None for no limit. "auto" is None up to
    four modalities, else 2.
convention : {"mkl", "scaled_output", "as_printed"}, default "mkl"
    How p, the exponent of the block norm and beta belong together.
encoders : mapping of str to str, mapping or nn.Module, optional
    Encoder by modality: "vector", "linear", "sequence" or "symbols" (whole numbers or letters that are a
    sequence of symbols), or a mapping with the key "kind" and arguments of that encoder, or your own module
    that maps
    (B, ...) to (B, dim), alone or as ``{"module": module, "dim": dim}``, see
    `mmfusion.encoders.ModuleEncoder`. Default: by the axes of the array, and "symbols" for strings that look
    like sequences of letters.
dim : int, default 8
    Width of the features of every modality.
epochs : int, optional
    Passes over the training samples. Default: as many as make about 200 steps where all modalities are
    vectors (up to 500 where they are wide; 400 for the linear model), 1000 elsewhere; at least 4
    (elsewhere 10), at most 200 (400 for the linear model).
batch_size : int, default 64
    Samples per step; fewer samples are one batch.
learning_rate : float, optional
    Of AdamW at the first step; it falls to zero as a half cosine. Default: 0.02 where all modalities are
    vectors (0.1 where all are linear features, 0.2 for the linear model), else 0.005.
weight_decay : float, default 0.01
    Decoupled decay of the encoders' weight matrices.
n_seeds : int, default 1
    Networks per fold, trained from different seeds; the scores of all networks are averaged.
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
    One row per subset: subset, order; from the weights beta, block_norm, weight_share (means over networks);
    from the out-of-fold scores loss_rise with the bounds ``_low`` and ``_high`` of its 95 % interval over
    samples (or groups), the one-sided p_value and p_adjusted (Holm, over subsets), named, covariance_share
    and variance_share; reducibility_single and reducibility_within (means over networks); and the standard
    deviation of every measure over networks, ``_spread``. NaN where nothing is held out.
information_ : DataFrame or None
    One row per coalition of modalities: coalition, size, loss, information with interval, p_value,
    p_adjusted, named, and its penalty. In nats for classes, a share of the constant's loss for numbers.
modality_information_ : DataFrame or None
    One row per modality: what it says alone, what is lost without it (needed), its Shapley value, each with
    interval, p-values and whether it is named.
synergy_ : DataFrame or None
    One row per pair: what two modalities say together beyond the sum of what they say alone, with interval,
    two-sided p-values, and whether it is named; below zero they are redundant.
summary_ : Answer
    The answer in words, by ``str(model.summary_)``: one sentence, then paragraphs.
penalty_ : float
    The lambda that was used; infinite where the constant predicts better than all networks.
penalties_ : DataFrame
    Every candidate (encoder of vectors, or "additive" for the linear model; penalty) with its out-of-fold
    loss, beside that of the best constant (``loss_constant``), and its share of right decisions, or R^2
    (``score``).
history_ : DataFrame
    Norms and losses after every epoch, of the subsets that the networks were trained with.
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
