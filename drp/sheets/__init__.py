"""Spreadsheets that an authority brings: read safely, checked whole, and brought into the register or not at all."""
