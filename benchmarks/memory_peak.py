"""Peak memory of a piece of work, as torch's allocator counts it.

The profiler reports every allocation and release of the CPU allocator in order, buffers inside of a kernel
included. The highest sum over these events is the same in every run, unlike the memory of the process, which
holds what the allocator keeps, the libraries and the code. Memory held before the work began does not count.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from measure import Work
from torch.profiler import ProfilerActivity, profile


def peak_bytes(work: Work) -> int:
    """Return the largest number of bytes that tensors held at once while the work ran."""
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as profiler:
        work()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "trace.json"
        profiler.export_chrome_trace(str(path))
        events = json.loads(path.read_text(encoding="utf-8"))["traceEvents"]
    memory = [event["args"] for event in events if event.get("name") == "[memory]"]
    memory.sort(key=lambda event: event["Ev Idx"])
    held = peak = 0
    for event in memory:
        held += event["Bytes"]
        peak = max(peak, held)
    return peak
