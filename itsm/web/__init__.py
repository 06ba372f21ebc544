"""What all pages share: middleware, paging, filters, widgets, front-end files."""
