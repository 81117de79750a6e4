"""Peak memory of a function, as torch's allocator counts it.

The profiler reports every allocation and release of the CPU allocator in order, including buffers inside a
kernel. The highest running sum of these events is the same in every run. The memory of the process is not: it
includes libraries, code and what the allocator keeps. Memory held before the function starts does not count.
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
