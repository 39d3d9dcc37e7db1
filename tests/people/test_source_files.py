"""CSV and Parquet files: read as they are, and what is wrong told by file, line and column, never by content."""

import gzip

import duckdb
import pytest
from snapshots_of import CUSTOMERS, ORDERS, Opened, lay, people_of, problems_of

SECRET = "Ionescu"


def codes(found):
    return [code for code, _, _ in found]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("start", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_every_usual_way_of_writing_csv_is_read(tmp_path, delimiter, start, end):
    raw = start + ORDERS.replace(",", delimiter).replace("\n", end).encode()
    assert people_of(lay(tmp_path, orders=raw))["a"]["orders"] == 2


def test_texts_in_quotes_hold_delimiters_quotes_and_line_breaks(tmp_path):
    customers = 'id,birthday,consent,city\na,,yes,"Iași, ""Copou""\nstr. 1"\nb,,no,x\n'
    assert people_of(lay(tmp_path, customers=customers))["a"]["city"] == 'Iași, "Copou"\nstr. 1'


def test_packed_csv_is_read(tmp_path):
    root = lay(tmp_path, source=FILES_GZ, orders=None)
    (root / "data/orders.csv.gz").write_bytes(gzip.compress(ORDERS.encode()))
    assert people_of(root)["a"]["orders"] == 2


FILES_GZ = "tables: {customers: data/customers.csv, orders: data/orders.csv.gz}"
GLOB = "tables: {customers: data/customers.csv, orders: data/orders-*.csv}"


def test_a_glob_joins_files_with_columns_in_any_order(tmp_path):
    root = lay(tmp_path, source=GLOB, orders=None)
    (root / "data/orders-1.csv").write_text(ORDERS)
    (root / "data/orders-2.csv").write_text("at;total;customer;order_id\n2026-01-09 08:00;7;b;3\n")
    people = people_of(root)
    assert (people["a"]["orders"], people["b"]["orders"]) == (2, 1)


def test_parquet_files_and_globs_of_them_are_read(tmp_path):
    root = lay(tmp_path, source="tables: {customers: data/customers.csv, orders: data/o*.parquet}", orders=None)
    for part, row in (
        ("o1", "(1, 'a', timestamp '2026-01-05 10:00', 100.5)"),
        ("o2", "(2, 'a', timestamp '2026-01-06 10:00', 1)"),
    ):
        duckdb.sql(
            f"copy (select * from (values {row}) t(order_id, customer, \"at\", total)) to '{root}/data/{part}.parquet'"
        )
    assert people_of(root)["a"]["orders"] == 2


def test_a_folder_whose_name_has_brackets_is_no_pattern(tmp_path):
    assert people_of(lay(tmp_path / "shop [1]"))["a"]["orders"] == 2


def test_sql_tables_name_the_others(tmp_path):
    query = '{sql: "select * from raw where total > 50"}'
    source = f"tables: {{customers: data/customers.csv, orders: {query}, raw: data/raw.csv}}"
    root = lay(tmp_path, source=source, orders=None)
    (root / "data/raw.csv").write_text(ORDERS)
    assert people_of(root)["a"]["orders"] == 1


@pytest.mark.parametrize(
    ("orders", "place", "words"),
    [
        (ORDERS + f"3,{SECRET},2026-01-05 10:00,1\n", "orders.csv:4", "4 values for 5 columns"),
        (ORDERS + f"3,a,2026-01-05 10:00,1,0,{SECRET}\n", "orders.csv:4", "6 values for 5 columns"),
        ('order_id,customer,at,total\n1,"a\nb",2026-01-05,1\n\n3,a\n', "orders.csv:5", "2 values for 4 columns"),
        (ORDERS + f'3,"{SECRET},2026-01-05 10:00,1,0\n', "orders.csv:4", "double quotes"),
        ((ORDERS + f"3,{SECRET}ț,2026-01-05 10:00,1,0\n").encode("iso8859-16"), "orders.csv:4", "UTF-8"),
        ("order_id,cust\xe4\n".encode("latin-1"), "orders.csv", "UTF-8"),
        ("", "orders.csv", "is empty"),
        ("\n\n", "orders.csv", "is empty"),
        ("order_id,customer,at,total,Total\n", "orders.csv", "two columns named `Total`"),
        ("order_id,,at,total\n", "orders.csv", "Column 2 of orders.csv has no name"),
    ],
)
def test_what_is_no_csv_is_told_by_line_without_content(tmp_path, orders, place, words):
    found = Opened(lay(tmp_path, orders=orders)).problems
    assert codes(found) == ["cannot-read-table"]
    assert place in found[0][2]
    assert words in found[0][2]
    assert SECRET not in str(found)


def test_the_broken_file_of_a_glob_is_the_one_named(tmp_path):
    root = lay(tmp_path, source=GLOB, orders=None)
    (root / "data/orders-1.csv").write_text(ORDERS)
    (root / "data/orders-2.csv").write_text(ORDERS + "3\n")
    assert "data/orders-2.csv:4 has 1 value" in Opened(root).problems[0][2]


def test_a_missing_file_is_told_where_it_is_named(tmp_path):
    (found,) = Opened(lay(tmp_path, source="tables: {customers: data/customers.csv, orders: data/order.csv}")).problems
    assert found[0] == "cannot-read-table"
    assert found[1].startswith("rules.yaml:10:")
    assert "There is no file data/order.csv." in found[2]


def test_a_missing_column_has_a_suggestion(tmp_path):
    (found,) = Opened(lay(tmp_path, orders=ORDERS.replace("total", "totl"))).problems
    assert found[0] == "missing-column"
    assert "no column `total`. Did you mean `totl`?" in found[2]


def test_a_file_that_is_no_parquet_is_told(tmp_path):
    root = lay(tmp_path, source="tables: {customers: data/customers.csv, orders: data/orders.parquet}")
    (root / "data/orders.parquet").write_text(SECRET)
    (found,) = Opened(root).problems
    assert "data/orders.parquet is not a Parquet file" in found[2]
    assert SECRET not in str(found)


@pytest.mark.parametrize("row", [30_001, 2])
@pytest.mark.parametrize("before", ["x", '"two\nlines"'])
def test_an_unreadable_date_is_told_by_line_and_column_wherever_it_stands(tmp_path, row, before):
    rows = ["1,a,2026-01-05 10:00,1,0\n"] * 30_100
    rows[0] = f"1,{before},2026-01-05 10:00,1,0\n"
    rows[row - 1] = f"1,a,{SECRET},1,0\n"
    root = lay(tmp_path, orders="order_id,customer,at,total,discount\n" + "".join(rows))
    found = [one for one in problems_of(root) if one[0] == "unreadable-value"]
    line = row + 1 + before.count("\n")
    assert found[0][1] == f"data/orders.csv:{line}:3"
    assert "1 value of `at` in `orders` cannot be read as times" in found[0][2]
    assert SECRET not in str(found)


def test_an_unreadable_date_in_the_second_file_of_a_glob_is_told_there(tmp_path):
    root = lay(tmp_path, source=GLOB, orders=None)
    (root / "data/orders-1.csv").write_text(ORDERS)
    (root / "data/orders-2.csv").write_text("customer,order_id,total,at\na,5,1,2026-01-05\n\na,6,1,5.1.2026\n")
    (found,) = [one for one in problems_of(root) if one[0] == "unreadable-value"]
    assert found[1] == "data/orders-2.csv:4:4"


def test_dates_of_customers_that_cannot_be_read_are_unknown_and_warned_of(tmp_path):
    root = lay(tmp_path, customers=CUSTOMERS.replace("1990-02-28", "1990-02-30"))
    opened = Opened(root)
    (found,) = opened.snapshot().findings
    assert (found.code, found.level, str(found.position)) == ("unreadable-value", "warning", "data/customers.csv:2:2")
    assert people_of(root)["a"]["birthday"] is None


def test_texts_of_parquet_and_sql_are_counted_when_they_cannot_be_read(tmp_path):
    source = (
        "tables: {customers: data/customers.csv, orders: {sql: \"select *, 'no' as at from raw\"}, raw: data/raw.csv}"
    )
    root = lay(tmp_path, source=source, orders=None)
    (root / "data/raw.csv").write_text("order_id,customer,total\n1,a,3\n2,a,4\n")
    (found,) = [one for one in problems_of(root) if one[0] == "unreadable-value"]
    assert found[1].startswith("rules.yaml:10:")
    assert "2 values of `at` in `orders` cannot be read as times." in found[2]


@pytest.mark.parametrize("again", ["a", "  a "])
def test_a_customer_in_two_rows_stops_everything_and_the_second_row_is_told(tmp_path, again):
    customers = f'id,birthday,consent,city\na,,yes,"x\ny"\n\nb,,no,\n{again},,no,{SECRET}\n'
    (found,) = [one for one in problems_of(lay(tmp_path, customers=customers)) if one[0] == "same-customer-twice"]
    assert found[1] == "data/customers.csv:6:1"
    assert "1 customer id stands in more than one row of `customers`" in found[2]
    assert SECRET not in str(found)


def test_a_customer_in_two_files_is_told_in_the_second(tmp_path):
    root = lay(tmp_path, source="tables: {customers: data/c*.csv, orders: data/orders.csv}")
    (root / "data/c2.csv").write_text("id,birthday,consent,city\nz,,yes,\na,,yes,\n")
    found = [one for one in problems_of(root) if one[0] == "same-customer-twice"]
    assert found[0][1] in ("data/c2.csv:3:1", "data/customers.csv:2:1")


def test_customers_without_id_are_left_out_and_counted(tmp_path):
    root = lay(tmp_path, customers=CUSTOMERS + ",,yes,x\n ,,yes,y\n")
    (found,) = [one for one in problems_of(root) if one[0] == "customer-without-id"]
    assert "2 rows of `customers` have no id and are left out." in found[2]
    assert set(people_of(root)) == {"a", "b"}


def test_orders_of_nobody_and_of_strangers_are_counted(tmp_path):
    orders = ORDERS + "3,,2026-01-05 10:00,1,0\n4,zz,2026-01-05 10:00,1,0\n5,zz,2026-01-06 10:00,1,0\n"
    (found,) = problems_of(lay(tmp_path, orders=orders))
    assert found[0] == "order-without-customer"
    assert "1 order names no customer and 2 orders name somebody who is not in `customers`." in found[2]


def test_negative_amounts_are_warned_of(tmp_path):
    orders = ORDERS + "3,a,2026-01-05 10:00,-5,0\n"
    (found,) = problems_of(lay(tmp_path, orders=orders))
    assert found[0] == "negative-amount"
    assert "1 order has a negative amount" in found[2]


def test_a_header_alone_is_an_empty_table(tmp_path):
    assert codes(problems_of(lay(tmp_path, customers="id,birthday,consent,city\n"))) == [
        "empty-table",
        "order-without-customer",
    ]
    root = lay(tmp_path, orders="order_id,customer,at,total,discount\n")
    assert codes(problems_of(root)) == ["empty-table"]
    assert people_of(root)["a"]["orders"] == 0


def test_numbers_that_are_none_are_unknown_never_infinite(tmp_path):
    root = lay(
        tmp_path,
        source=FILES_TYPES,
        traits="most: {from: orders, value: max(discount)}",
        orders="order_id,customer,at,total,discount\n1,a,2026-01-05,1,inf\n2,a,2026-01-05,1,NaN\n3,a,2026-01-05,1,7\n",
    )
    assert people_of(root)["a"]["most"] == 7
    assert "2 values of `discount`" in problems_of(root)[0][2]


FILES_TYPES = "types: {discount: number}\n  tables: {customers: data/customers.csv, orders: data/orders.csv}"


def test_a_column_that_is_nearly_of_a_kind_is_text_and_says_why(tmp_path):
    rows = "".join(f"{n},a,2026-01-05,1,{n}\n" for n in range(40))
    orders = f"order_id,customer,at,total,discount\n{rows}x,a,2026-01-05,1,none\n"
    root = lay(tmp_path, traits="d: {from: orders, value: sum(discount)}", orders=orders)
    (found,) = Opened(root).found.errors
    assert found.code == "kinds-differ"
    assert "1 of its 41 values are not number" in found.way_out


@pytest.mark.parametrize("types", ["{discount: text}", "{orders.discount: text}"])
def test_types_are_said_for_a_column_or_for_a_column_of_a_table(tmp_path, types):
    root = lay(
        tmp_path,
        source=FILES_TYPES.replace("{discount: number}", types),
        traits="d: {from: orders, value: max(discount)}",
    )
    assert people_of(root)["a"]["d"] == "5"


@pytest.mark.parametrize(
    ("types", "words"),
    [
        ("{discont: number}", "Did you mean `discount`?"),
        ("{orders.discont: number}", "Did you mean `orders.discount`?"),
    ],
)
def test_types_of_a_column_that_is_not_there_are_told(tmp_path, types, words):
    (found,) = Opened(lay(tmp_path, source=FILES_TYPES.replace("{discount: number}", types))).problems
    assert found[0] == "missing-column"
    assert words in found[2]
