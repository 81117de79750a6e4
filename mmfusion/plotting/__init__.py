"""Figures from tidy tables; functions take and return Axes and never save."""
