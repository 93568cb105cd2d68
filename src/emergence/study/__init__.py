"""A study as a plan: which jobs make it, what each is made from, where its files lie."""

from emergence.core.extras import require

require("workflow", "yaml")
