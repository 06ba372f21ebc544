"""Files that people take away: spreadsheets and PDF, the only writers of their formats."""
