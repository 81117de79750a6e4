"""Settings of the whole test set: one thread, and property tests that draw the same examples every time."""

import torch
from hypothesis import settings

torch.set_num_threads(1)
settings.register_profile("mmfusion", derandomize=True, deadline=None)
settings.load_profile("mmfusion")
