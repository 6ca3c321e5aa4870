"""Records of a small bank, all of them valid."""

INSTITUTION = {
    "code": "A", "name": "桑植农村合作银行", "currency": "CNY",
    "time_zone": "Asia/Shanghai", "as_of": "2026-03-09", "union_code": "JS-UNION",
}  # fmt: skip
PRODUCTS = (
    {"code": "D1", "name": "Demand deposit", "line": "deposit", "on_offer": "true"},
    {"code": "L1", "name": "Farm loan", "line": "loan", "on_offer": "false"},
)
BRANCHES = (
    {"code": "H", "name": "Head office", "parent_code": "", "kind": "head_office"},
    {"code": "B1", "name": "Lifu", "parent_code": "H", "kind": "branch"},
)
STAFF = (
    {"number": "M1", "name": "Liu Min", "branch_code": "B1", "role": "customer_manager"},
)  # fmt: skip


def a_customer(**values):
    """Everything that is known of one customer, all of it valid."""
    return {
        "number": "1", "kind": "individual", "name": "张小龙", "id_type": "resident_id",
        "id_number": "11010519491231002X", "born_on": "1949-12-31", "sex": "female",
        "phone": "138 1234 5678", "email": "zhang@example.com", "address": "Lifu 1",
        "branch_code": "B1", "manager_number": "M1", "since": "2001-05-06",
    } | values  # fmt: skip


def an_account(**values):
    return {
        "number": "100", "product_code": "D1", "currency": "CNY", "branch_code": "B1",
        "opened_on": "2001-05-06", "closed_on": "",
    } | values  # fmt: skip
