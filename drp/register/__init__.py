"""The register: one entry for each item, written with every decision."""
