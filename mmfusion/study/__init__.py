"""The study: everything that only the Snakemake workflow needs. Nothing outside imports it."""
