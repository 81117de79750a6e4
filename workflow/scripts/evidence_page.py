"""Write the page of what the target `full` found, complete in one file."""

import json
from pathlib import Path

from mmfusion.files import write_text
from mmfusion.pages.picture import picture
from mmfusion.study.evidence.evidence_files import published_texts, read_evidence
from mmfusion.study.intermediates import load_table, load_text
from mmfusion.study.logs import logged
from mmfusion.study.pages.evidence import evidence_markdown
from mmfusion.study.pages.markdown_page import markdown_page
from mmfusion.study.pages.peer_page import peers_markdown
from mmfusion.study.peers.all_peers import PEERS

with logged(snakemake.log[0]):
    found = snakemake.input
    provenance = json.loads(load_text(found.provenance))
    texts = []
    if found.get("rates"):
        tables = [load_table(path) for path in (found.rates, found.scores, found.seconds)]
        texts.append(peers_markdown(provenance, *tables, PEERS))
    texts += published_texts(found.published)
    if found.get("motifs"):
        evidence = read_evidence(found.answers, found.motifs, found.lp_family, found.sensitivity)
        texts.append(evidence_markdown(provenance, *evidence))
    uris = {f"evidence_{Path(path).name}": picture(path, "", "").uri for path in found.figures}
    write_text(snakemake.output[0], markdown_page("Evidence beside the study", texts, uris))
