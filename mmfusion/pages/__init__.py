"""Pages for the browser, each one file that works without a network: of a study, and of one answer."""
