"""Users' samples: arrays by modality, their checks, splits, standardisation and file readers."""
