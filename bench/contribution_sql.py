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
_TAKEN = """s.s0, s.s1, s.served, s.cost, s.saved, s.card_fee, s.online_fee, s.trade_fee,
    s.other_fee, s.wealth, s.insurance, s.card, s.salaries, s.sent, s.bought, s.sold, s.trade"""
_AMOUNTS = """
select customer, account, first as month, line,
    case when j <> 0 and line in ('deposit', 'settlement', 'international', 'loan')
      then {round:j * spread|360000000} end as margin,
    case when j < 0 and line = 'loan' then {round:j * case grade when 'normal' then 9
      when 'special_mention' then 45 when 'substandard' then 225
      when 'doubtful' then 540 else 900 end|720000} end as loss,
    {round:saved|2} as e_banking,
    - card_fee as card_fee, - online_fee as online_fee, - trade_fee as trade_fee,
    - other_fee as other_fee,
    {round:abs(wealth) * 3|1000} as wealth, {round:abs(insurance) * 2|25} as insurance,
    {round:abs(card) * 7|2000} as card, 50 * salaries + 200 * sent as transfers,
    {round:abs(bought)|250} as bought, {round:abs(sold)|250} as sold,
    {round:abs(trade) * 3|2000} as trade,
    - case when open then 100 else 0 end - coalesce(cost, 0) as cost
from priced
"""
LINES_POSTGRES = f"""
create temp table lines as
with grid as (
  select a.account, a.customer, a.line, a.opened, a.closed, a.grade, m.index, m.days, m.first,
    r.spread
  from held a cross join months m left join spreads r on r.product = a.product
), balances as (
  select g.*, {_TAKEN},
    coalesce(sum(s.s0) over (partition by g.account order by g.index
      rows between unbounded preceding and 1 preceding), 0) as opening
  from grid g left join summed s
    on s.account_number = g.account and s.index = g.index
), priced as (
  select *, opening * days + (days + 1) * coalesce(s0, 0) - coalesce(s1, 0) as j,
    closed is null or closed >= first as open
  from balances where index >= {FIRST} and opened <= index
)
{_AMOUNTS}
"""
_INDEXES = range(FIRST, FIRST + 12)
_BEFORE = ", ".join(
    f"cast(sum(s0) filter (where index < {n}) as bigint) as b{n}, "
    f"bool_or(index = {n}) as m{n}" for n in _INDEXES
)  # fmt: skip
_OPENING = " ".join(f"when {n} then b{n}" for n in _INDEXES)
_MOVED = " ".join(f"when {n} then m{n}" for n in _INDEXES)
_NOTHING = re.sub(r"s\.(\w+)", r"null::bigint as \1", _TAKEN)
LINES_DUCKDB = f"""
create temp table lines as
with openings as (
  select account_number, {_BEFORE} from summed group by 1
), known as (
  select h.*, r.spread, o.* exclude (account_number)
  from held h left join openings o on o.account_number = h.account
    left join spreads r on r.product = h.product
), grid as (
  select k.account, k.customer, k.line, k.opened, k.closed, k.grade, k.spread, m.index, m.days,
    m.first, case m.index {_OPENING} end as opening, {_TAKEN}
  from summed s left join known k on k.account = s.account_number
    join months m on m.index = s.index and m.index >= {FIRST}
  union all
  select k.account, k.customer, k.line, k.opened, k.closed, k.grade, k.spread, m.index, m.days,
    m.first, case m.index {_OPENING} end as opening, {_NOTHING}
  from known k cross join months m
  where m.index >= {FIRST} and not coalesce(case m.index {_MOVED} end, false)
), priced as (
  select *, coalesce(opening, 0) * days + (days + 1) * coalesce(s0, 0) - coalesce(s1, 0) as j,
    closed is null or closed >= first as open
  from grid where opened <= index
)
{_AMOUNTS}
"""


_OF_LINE = {
    "deposit": (),
    "loan": ("loss",),
    "settlement": ("other_fee", "transfers"),
    "intermediary": ("card_fee", "wealth", "insurance", "card"),
    "e_banking": ("e_banking", "online_fee"),
    "international": ("trade_fee", "bought", "sold", "trade"),
    "cost_to_serve": ("cost",),
}


def _total(name: str) -> str:
    margin = f"case when lines.line = '{name}' then margin end"
    return " + ".join(f"coalesce({one}, 0)" for one in (margin, *_OF_LINE[name]))


_NAMED = ", ".join(f"({n}, '{name}')" for n, name in enumerate(_OF_LINE))
_TOTALS = " ".join(f"when {n} then {_total(name)}" for n, name in enumerate(_OF_LINE))
SUMS = f"""
select customer, month, account, line, cast(amount as bigint) as amount_minor from (
  select customer, month, account, named.line, case named.number {_TOTALS} end as amount
  from lines cross join (values {_NAMED}) as named(number, line)
) as told where amount <> 0
"""
_ROUND = re.compile(r"\{round:(.+?)\|(\d+)\}", re.DOTALL)


def duckdb(statement: str) -> str:
    """Write a statement for DuckDB, whose sums are 128 bits wide until they are cast."""
    dated = statement.replace("{index}", "year(value_date) * 12 + month(value_date) - 1")
    dated = dated.replace("{day}", "day(value_date)")
    dated = dated.replace("{opened}", "year(opened_on) * 12 + month(opened_on) - 1")
    dated = re.sub(r"(sum\(.+?\)(?: filter \(where .+?\))?) as", r"cast(\1 as bigint) as", dated)
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
