"""Reading data in the formats that people use: tables, arrays, dictionary pickles, `.csd` files.

Every reader returns a checked `Source`, or says what is wrong in one sentence. Nothing is guessed, repaired
or run.
"""

from mmfusion.data.readers.csd import read_csd
from mmfusion.data.readers.csd_folder import read_csd_folder
from mmfusion.data.readers.dictionary_pickle import read_dictionary_pickle
from mmfusion.data.readers.read import read_source
from mmfusion.data.readers.reading_memory import memory_needed
from mmfusion.data.readers.source import Source
from mmfusion.data.readers.unpickle import load_arrays

__all__ = [
    "Source",
    "load_arrays",
    "memory_needed",
    "read_csd",
    "read_csd_folder",
    "read_dictionary_pickle",
    "read_source",
]
