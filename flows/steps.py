"""The shop's own steps. A campaign names them in `enrich`; what they add is there for its templates.

A step gets a batch of people (an Arrow table with a row for each, `customer_id` first among its columns) and the
shop's tables, and answers with the same people and more columns. Edit this file, or add steps of your own.
"""

from typing import Annotated

import pyarrow as pa
from pydantic import Field

from regulars.campaigns.steps import StepContext, step


@step(adds=("recommended",))
def recommend(
    batch: pa.Table,  # noqa: ARG001  # the query reads it under its name
    shop: StepContext,
    limit: Annotated[int, Field(ge=1, le=12, description="how many products")] = 3,
) -> pa.Table:
    """What sells best in each person's favourite categories and they have not bought yet.

    Adds `recommended`: a list of at most `limit` products, each with `product`, `category` and `price` (text, in the
    shop's currency). Whoever has bought nothing, or everything they like, gets the best sellers of all.
    """
    return shop.query(RECOMMEND.format(day=shop.as_of.isoformat(), limit=limit, deep=limit + 30))


# `deep` best sellers of a category are looked at: enough, unless somebody has bought thirty of them.
RECOMMEND = """
with known as (
    select customer_id, product, category, quantity, price, ordered_at
    from lines where cast(ordered_at as date) <= date '{day}'
), sellers as (
    select category, product, cast(cast(arg_max(price, ordered_at) as decimal(14, 2)) as varchar) as price,
           row_number() over (order by sum(quantity) desc, product, category) as rank,
           row_number() over (partition by category order by sum(quantity) desc, product) as place
    from known group by category, product
), bought as (
    select customer_id, category, rank, sum(quantity) as taken
    from known semi join batch using (customer_id) join sellers using (category, product)
    group by customer_id, category, rank
), favourites as (
    select customer_id, category,
           row_number() over (partition by customer_id order by sum(taken) desc, category) as favourite
    from bought group by customer_id, category qualify favourite <= 3
), likely as (
    select customer_id, favourite, rank from favourites join sellers using (category) where place <= {deep}
    union all
    select customer_id, 4, rank from batch cross join sellers where rank <= {deep}
), chosen as (
    select customer_id, rank, row_number() over (partition by customer_id order by min(favourite), rank) as turn
    from likely anti join bought using (customer_id, rank) group by customer_id, rank qualify turn <= {limit}
), lists as (
    select customer_id, list({{'product': product, 'category': category, 'price': price}} order by turn) as recommended
    from chosen join sellers using (rank) group by customer_id
)
select customer_id, coalesce(recommended, []) as recommended from batch left join lists using (customer_id)
"""
