"""Download CMU-MOSI and compare every file with its SHA-256."""

from mmfusion.study.data.mosi.download import download_mosi
from mmfusion.study.logs import logged

with logged(snakemake.log[0]):
    folder = download_mosi(snakemake.params.folder)
    print(f"CMU-MOSI is complete in {folder}. Neither source repository states a licence for the data.")
