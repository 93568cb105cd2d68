"""Systems whose transition is known in advance, to check measures of emergence against."""
