"""A study as a plan: which jobs make it, what each is made from, where its files lie."""
