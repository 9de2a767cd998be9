"""The front doors: pages, HTTP and the command line."""
