"""The tidy tables of the study, from trained networks to summaries."""
