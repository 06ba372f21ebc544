"""What everybody is told on the pages: outages, maintenance, news."""
