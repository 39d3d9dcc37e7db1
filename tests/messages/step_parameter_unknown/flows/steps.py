from typing import Literal

import pyarrow as pa

from regulars.campaigns.steps import StepContext, step


@step(adds=["recommended"])
def recommend(batch: pa.Table, shop: StepContext, limit: int = 3, of: Literal["new", "all"] = "all") -> pa.Table:
    return batch
