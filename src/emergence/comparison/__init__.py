"""Two finished studies side by side: what differs in parameters, code, verdicts, effects and figures."""

from emergence.core.extras import require

require("workflow", "dvc", "jinja2", "yaml")
