"""Endpoints of the configuration database."""
