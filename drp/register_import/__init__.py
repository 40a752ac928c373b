"""Spreadsheets of an authority's own: read safely, checked whole, brought in or not at all."""
