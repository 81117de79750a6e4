"""The number of samples that a training batch needs."""

from __future__ import annotations

from mmfusion.errors import FusionError


def check_batch_size(layer: str, samples: int, least: int = 2) -> None:
    """Check that a training batch has enough samples for the statistics that a layer takes over it.

    Parameters
    ----------
    layer : str
        Begins the sentence of the error.
    samples : int
        Size of the batch.
    least : int, default 2
        Smallest number of samples.

    Raises
    ------
    FusionError
        If there are fewer.
    """
    if samples < least:
        lacks = "has no mean" if samples == 0 else "has no variance"
        raise FusionError(
            f"{layer}: a training batch of {samples} sample{'s' * (samples != 1)} {lacks}, expected at least "
            f"{least}; use a larger batch or call eval() to predict."
        )
