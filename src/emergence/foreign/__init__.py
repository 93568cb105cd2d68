"""Models and weights from elsewhere: built by name and read from files, without running what a file holds."""

from emergence.foreign.error import ForeignError
from emergence.foreign.files import read_weights
from emergence.foreign.logits import Logits
from emergence.foreign.models import load_model
from emergence.foreign.weights import load_weights

__all__ = ["ForeignError", "Logits", "load_model", "load_weights", "read_weights"]
