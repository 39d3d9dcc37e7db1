"""Expected value: who still buys, how often, and for how much, as models fitted to the orders of a shop.

`fit_bgnbd(frequency, recency, T)` gives `r`, `alpha`, `a`, `b` and `log_likelihood`, with `p_alive`, `p_order` and
`expected_orders`; `fit_gamma_gamma(frequency, monetary)` gives `p`, `q` and `v`, with `expected_spend` per order. Both
raise NotIdentified where the data do not tell. Rules read the same models as `p_alive`, `p_next_30d`,
`expected_orders_30d`, `expected_orders_365d` and `expected_spend_365d`.
"""

from regulars.errors import NotIdentified
from regulars.worth.bgnbd import BGNBD, fit_bgnbd
from regulars.worth.gamma_gamma import GammaGamma, fit_gamma_gamma

__all__ = ["BGNBD", "GammaGamma", "NotIdentified", "fit_bgnbd", "fit_gamma_gamma"]
