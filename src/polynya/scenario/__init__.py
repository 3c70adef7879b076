"""What is supposed to change, on which condition, and because of which claim or assumption."""

from polynya.scenario.changes import Applied, AppliedChange, apply
from polynya.scenario.load import Scenario, load_scenario

__all__ = ["Applied", "AppliedChange", "Scenario", "apply", "load_scenario"]
