"""Themes and the register."""
