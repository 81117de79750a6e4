"""The heart: subsets, Wick products, normalisations, the block norm and the fusion layer."""
