"""What finished studies found, kept in docs/findings, and the page, the picture and the answer made from it alone."""

from emergence.core.extras import require

require("workflow", "jinja2", "matplotlib", "yaml")
