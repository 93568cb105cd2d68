"""Kinds of data sets that an entry of ``data.sets`` may have: one file each, named as the kind.

A file defines a subclass of `emergence.parameters.data_kind.DataKind`, which says what else it has to define.
"""

import emergence.parameters  # noqa: F401  # it reads the files here, and so comes first
