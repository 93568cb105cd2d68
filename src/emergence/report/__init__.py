"""The report: verdicts, figures, parameters, versions and times on one page that needs no network."""

from emergence.core.extras import require

require("workflow", "jinja2", "yaml")
