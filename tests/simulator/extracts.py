"""Reads extracts the way the importer does, and asks the services' own rules what they take."""

import hashlib
import json
from collections import defaultdict
from datetime import UTC, date, datetime

from customer.domain.account import fit_account, fit_card, fit_holding
from customer.domain.consent import fit_consent
from customer.domain.customer import fit_customer
from customer.domain.group import Roll, fit_group
from customer.ingest import records
from kit.intake import parse
from kit.problem import Problem
from scoring import ingest
from scoring.domain.posting import objection
from scoring.domain.scheme_document import scheme_of
from sheaf.extract.contract import KIND_BY_NAME
from sheaf.extract.manifest import open_extract
from sheaf.extract.reader import read
from sheaf.extract.record import Record

SHAPES = {
    "institutions": records.Institution,
    "products": records.Product,
    "branches": records.Branch,
    "staff": records.Staff,
    "customers": records.Customer,
    "groups": records.Group,
    "group_members": records.GroupMember,
    "accounts": records.Account,
    "account_holders": records.AccountHolder,
    "cards": records.Card,
    "consents": records.Consent,
    "scheme": ingest.SchemeRecord,
    "rates": ingest.RateRecord,
    "loans": ingest.LoanRecord,
    "postings": ingest.PostingRecord,
    "general_ledger": ingest.LedgerRecord,
}
AT = datetime(2030, 1, 1, tzinfo=UTC)


def rows_of(folder):
    """Every record as text, by kind."""
    found = defaultdict(list)
    for kind, file in open_extract(folder).files:
        for item in read(file, KIND_BY_NAME[kind], file.name):
            assert isinstance(item, Record)
            found[kind].append(item.values)
    return found


def digests(folder):
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return [
        (file.relative_to(folder).as_posix(), hashlib.sha256(file.read_bytes()).hexdigest())
        for file in files
    ]


def refused(folder):
    """(kind, file, line) of everything that the reader or a service would reject."""
    extract = open_extract(folder)
    bank = _Bank(extract.as_of)
    found = set()
    for kind, file in extract.files:
        name = file.relative_to(folder).as_posix()
        good = []
        for item in read(file, KIND_BY_NAME[kind], name):
            if isinstance(item, Record):
                good.append(item)
            else:
                found.add((kind, name, item.line))
        body = "\n".join(json.dumps(item.values, ensure_ascii=False) for item in good).encode()
        taken, bad = parse(body, SHAPES[kind])
        found |= {(kind, name, good[one.line - 1].line) for one in bad}
        for place, record in taken:
            if not bank.takes(kind, record):
                found.add((kind, name, good[place - 1].line))
    return found


class _Bank:
    """What is known so far of one institution, and the services' rules on what comes next."""

    def __init__(self, as_of: date):
        self.as_of = as_of
        self.branches, self.products, self.staff = set(), set(), set()
        self.customers, self.accounts, self.consents, self.ids = set(), {}, {}, set()
        self.currencies = {}
        self.groups, self.roll = {}, None

    def takes(self, kind, record):
        told = record.told("SHEAF") if isinstance(record, records.Stated) else record
        try:
            return getattr(self, f"_{kind}", lambda _told: True)(told) is not False
        except Problem:
            return False

    def _products(self, told):
        self.products.add(told.code)

    def _branches(self, told):
        if told.parent_code is not None and told.parent_code not in self.branches:
            return False
        self.branches.add(told.code)
        return True

    def _staff(self, told):
        if told.branch_code not in self.branches:
            return False
        self.staff.add(told.number)
        return True

    def _customers(self, told):
        fit_customer(None, told, self.as_of, self.branches, self.staff)
        self.customers.add(told.id)

    def _groups(self, told):
        self.groups[told.id] = fit_group(self.groups, told)

    def _group_members(self, told):
        self.roll = self.roll or Roll([], self.customers)
        self.groups[told.group_id] = self.roll.fit(self.groups, told)

    def _accounts(self, told):
        self.accounts[told.id] = fit_account(None, told, self.products, self.branches)
        self.currencies[told.number] = told.currency

    def _account_holders(self, told):
        self.accounts[told.account_id] = fit_holding(self.accounts, told, self.customers)

    def _cards(self, told):
        fit_card(told, self.accounts, self.customers)

    def _consents(self, told):
        fit_consent(None, told, self.customers)

    def _scheme(self, told):
        scheme_of(told.root)

    def _rates(self, told):
        return told.rate().product in self.products

    def _general_ledger(self, told):
        total = told.total()
        return total.product in self.products | {""} and total.branch in self.branches | {""}

    def _loans(self, told):
        loan = told.loan()
        known = {loan.account_number, loan.terms.settlement_account_number} <= set(self.currencies)
        return known and loan.terms.principal_minor > 0

    def _postings(self, told):
        posting = told.posting()
        if objection(posting, at=AT) is not None or posting.id in self.ids:
            return False
        self.ids.add(posting.id)
        return self.currencies.get(posting.account_number) == posting.currency
