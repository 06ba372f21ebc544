"""Wiring of the portal: settings, addresses, processes. No models."""
