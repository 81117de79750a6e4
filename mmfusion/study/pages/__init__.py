"""The pages of the study for a browser and for the documentation."""
