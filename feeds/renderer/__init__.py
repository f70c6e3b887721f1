"""Render entries once, and join them into documents and pages."""
