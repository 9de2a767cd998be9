"""What the illustrator is made of: art and its search, colour, drawn settings, composition. Knows nothing of recipes."""
