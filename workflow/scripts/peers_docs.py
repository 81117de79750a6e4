"""Write the documentation's page of the peers, and copy its figure."""

import json
from pathlib import Path

import pandas as pd

from mmfusion.files import write_bytes, write_text
from mmfusion.study.logs import logged
from mmfusion.study.pages.peer_page import peers_markdown
from mmfusion.study.peers.all_peers import PEERS

with logged(snakemake.log[0]):
    found, out = snakemake.input, snakemake.output
    provenance = json.loads(Path(found.provenance).read_text(encoding="utf-8"))
    tables = [pd.read_csv(path) for path in (found.rates, found.scores, found.seconds)]
    write_text(out.page, peers_markdown(provenance, *tables, PEERS))
    write_bytes(out.figure, Path(found.figure).read_bytes())
