"""Opening what people hand in where it can do no harm: a process of its own for each file, with limits."""
