"""The contribution under the example scheme as one would write it by hand, in two dialects."""

import re

FIRST, BEFORE = 2024 * 12, 2024 * 12 - 1
SERVED = "kind not in ('opening_balance', 'adjustment')"
CHANNELS = {
    "counter": (400, None), "self_service": (90, 310), "pos": (10, None), "phone": (120, 280),
    "online": (60, 340), "mobile": (40, 360), "interbank": (20, None), "system": (0, None),
}  # fmt: skip
COST = " ".join(f"when '{c}' then {cost}" for c, (cost, _) in CHANNELS.items())
SAVED = " ".join(f"when '{c}' then {saved}" for c, (_, saved) in CHANNELS.items() if saved)
OTHER_FEE = "kind = 'fee' and purpose not in ('card', 'online', 'trade_finance')"

SUMMED = f"""
create temp table summed as
select account_number, greatest({{index}}, {BEFORE}) as index, sum(amount_minor) as s0,
  sum(amount_minor * {{day}}) as s1,
  count(*) filter (where {SERVED}) as served,
  sum(case when {SERVED} then case channel {COST} else 0 end else 0 end) as cost,
  sum(case when {SERVED} then case channel {SAVED} else 0 end else 0 end) as saved,
  sum(amount_minor) filter (where kind = 'fee' and purpose = 'card') as card_fee,
  sum(amount_minor) filter (where kind = 'fee' and purpose = 'online') as online_fee,
  sum(amount_minor) filter (where kind = 'fee' and purpose = 'trade_finance') as trade_fee,
  sum(amount_minor) filter (where {OTHER_FEE}) as other_fee,
  sum(amount_minor) filter (where kind = 'wealth_purchase') as wealth,
  sum(amount_minor) filter (where kind = 'insurance_premium') as insurance,
  sum(amount_minor) filter (where kind = 'card_payment' and channel = 'pos') as card,
  count(*) filter (where kind = 'transfer_in' and purpose = 'salary') as salaries,
  count(*) filter (where kind = 'transfer_out' and channel = 'interbank') as sent,
  sum(amount_minor) filter (where kind = 'fx_purchase') as bought,
  sum(amount_minor) filter (where kind = 'fx_sale') as sold,
  sum(amount_minor) filter (where kind = 'trade_finance') as trade
from postings where value_date <= date '2024-12-31' group by 1, 2
"""
LINES = f"""
create temp table lines as
with grid as (
  select a.account, a.customer, a.line, a.opened, a.closed, a.grade, m.index, m.days, m.first,
    r.spread
  from held a cross join months m left join spreads r on r.product = a.product
), balances as (
  select g.*, s.s0, s.s1, s.served, s.cost, s.saved,
    s.card_fee, s.online_fee, s.trade_fee, s.other_fee, s.wealth, s.insurance, s.card, s.salaries,
    s.sent, s.bought, s.sold, s.trade,
    coalesce(sum(s.s0) over (partition by g.account order by g.index
      rows between unbounded preceding and 1 preceding), 0) as opening
  from grid g left join summed s
    on s.account_number = g.account and s.index = g.index
), priced as (
  select *, opening * days + (days + 1) * coalesce(s0, 0) - coalesce(s1, 0) as j,
    closed is null or closed >= first as open
  from balances where index >= {FIRST} and opened <= index
)
select customer, account, first as month, line, served, open,
    case when j <> 0 and line in ('deposit', 'settlement', 'international', 'loan')
      then {{round:j * spread|360000000}} end as margin,
    case when j < 0 and line = 'loan' then {{round:j * case grade when 'normal' then 4500000000
      when 'special_mention' then 22500000000 when 'substandard' then 112500000000
      when 'doubtful' then 270000000000 else 450000000000 end|360000000000000}} end as loss,
    {{round:saved * 500000|1000000}} as e_banking,
    - card_fee as card_fee, - online_fee as online_fee, - trade_fee as trade_fee,
    - other_fee as other_fee,
    {{round:abs(wealth) * 3000|1000000}} as wealth,
    {{round:abs(insurance) * 80000|1000000}} as insurance,
    {{round:abs(card) * 3500|1000000}} as card,
    50 * salaries + 200 * sent as transfers, salaries + sent as transferred,
    {{round:abs(bought) * 4000|1000000}} as bought, {{round:abs(sold) * 4000|1000000}} as sold,
    {{round:abs(trade) * 1500|1000000}} as trade, saved,
    - case when open then 100 else 0 end - coalesce(cost, 0) as cost
from priced
"""


def _line(name: str, columns: tuple[str, ...], where: str) -> str:
    own = f"case when line = '{name}' then margin end"
    amount = " + ".join(f"coalesce({one}, 0)" for one in (own, *columns))
    there = f"(line = '{name}' and margin is not null)"
    return (
        f"select customer, month, account, '{name}' as line, "
        f"cast({amount} as bigint) as amount_minor from lines where {there} or {where}"
    )


SUMS = " union all ".join(
    (
        _line("deposit", (), "false"),
        _line("loan", ("case when line = 'loan' then loss end",), "false"),
        _line("settlement", ("other_fee", "transfers"), "other_fee is not null or transferred > 0"),
        _line(
            "intermediary",
            ("card_fee", "wealth", "insurance", "card"),
            "coalesce(card_fee, wealth, insurance, card) is not null",
        ),
        _line("e_banking", ("e_banking", "online_fee"), "saved > 0 or online_fee is not null"),
        _line(
            "international",
            ("trade_fee", "bought", "sold", "trade"),
            "coalesce(trade_fee, bought, sold, trade) is not null",
        ),
        _line("cost_to_serve", ("cost",), "open or served > 0"),
    )
)
_ROUND = re.compile(r"\{round:(.+?)\|(\d+)\}", re.DOTALL)


def duckdb(statement: str) -> str:
    """Write a statement for DuckDB, whose sums are 128 bits wide."""
    dated = statement.replace("{index}", "year(value_date) * 12 + month(value_date) - 1")
    dated = dated.replace("{day}", "day(value_date)")
    dated = dated.replace("{opened}", "year(opened_on) * 12 + month(opened_on) - 1")
    return _ROUND.sub(
        r"((2 * abs(\1) + \2) // (2 * \2)) * case when \1 < 0 then -1 else 1 end", dated
    )


def postgres(statement: str) -> str:
    """Write a statement for PostgreSQL, whose numeric rounds half away from zero by itself."""
    parts = "extract(year from value_date)::int * 12 + extract(month from value_date)::int - 1"
    dated = statement.replace("{index}", parts)
    dated = dated.replace("{day}", "extract(day from value_date)::int")
    dated = dated.replace("{opened}", parts.replace("value_date", "opened_on"))
    return _ROUND.sub(r"round((\1)::numeric / \2)", dated)


_YEAR = ", ".join(
    f"({2024 * 12 + n}, date '2024-{n + 1:02}-01', {days})"
    for n, days in enumerate((31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31))
)
_MONTHS = f"""
create temp table months as
select * from (values ({BEFORE}, date '2023-12-01', 31), {_YEAR}) as m(index, first, days)
"""
_SPREADS = """
create temp table spreads as
select t.product, t.rate_ppm - c.rate_ppm as spread
from rates t join rates c on c.product = t.product and c.rate_kind = 'customer'
where t.rate_kind = 'transfer'
"""
_HELD = """
create temp table held as
select a.account, a.customer, a.product, a.line, l.grade, a.closed_on as closed,
  {opened} as opened
from accounts a left join loans l on l.account = a.account
"""
PREPARE = (_MONTHS, _SPREADS, _HELD)
POSTGRES_TABLES = """
create table accounts (account text, customer text, product text, line text, currency text,
  opened_on date, closed_on date);
create table loans (account text, principal_minor bigint, granted_on date, term_months int,
  instalment_minor bigint, grade text, balance_basis text);
create table rates (product text, rate_kind text, effective_from date, rate_ppm bigint);
create table postings (account_number text, kind text, channel text, purpose text,
  amount_minor bigint, value_date date);
"""
