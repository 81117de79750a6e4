"""Write the documentation's page of the peers, and copy its figure."""

import json

from mmfusion.files import write_bytes, write_text
from mmfusion.study.intermediates import checked, load_table, load_text
from mmfusion.study.logs import logged
from mmfusion.study.pages.peer_page import peers_markdown
from mmfusion.study.peers.all_peers import PEERS

with logged(snakemake.log[0]):
    found, out = snakemake.input, snakemake.output
    provenance = json.loads(load_text(found.provenance))
    tables = [load_table(path) for path in (found.rates, found.scores, found.seconds)]
    write_text(out.page, peers_markdown(provenance, *tables, PEERS))
    write_bytes(out.figure, checked(found.figure).read_bytes())
