"""Running the flows: at once (`run`), by the clock on one machine (`up`), on a work pool (`deploy`).

With `tasks` and the project's `flows/` the only door to Prefect, which is imported inside functions: its settings must
stand in the environment first.
"""

from regulars.serving.deploying import Deployed, deploy
from regulars.serving.machine import up
from regulars.serving.running import Outcome, run_advance, run_campaigns, run_conversions

__all__ = ["Deployed", "Outcome", "deploy", "run_advance", "run_campaigns", "run_conversions", "up"]
