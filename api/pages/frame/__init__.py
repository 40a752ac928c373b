"""What every page stands in: its request, its layout, its form fields, its error pages."""
