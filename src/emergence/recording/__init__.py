"""Recording in one's own training loop: emergence, measures, loss and landscapes, as data and as a page."""
