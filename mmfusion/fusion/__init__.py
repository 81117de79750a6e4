"""The heart: subsets, Wick products, normalisations, the block norm, the fusion layer and its fold."""
