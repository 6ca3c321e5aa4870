"""Masks by field, and which callers see a customer through which of them."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import yaml
from customer.domain.customer import Customer
from customer.domain.ids import customer_id
from customer.domain.masks import Standing, masked_address, masked_name
from customer.domain.personal import Allowance
from customer.domain.personal_problems import RevealLimit
from customer.domain.vocabulary import CustomerKind, Sex
from customer.settings import Settings, personal
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

SHIPPED = Path(Settings.model_fields["personal_file"].default)
NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
PERSON = Customer(
    id=customer_id("A", "1"), number="1", kind=CustomerKind.INDIVIDUAL, name="张小龙",
    id_type="resident_id", id_number="11010519491231002X", born_on=date(1949, 12, 31), sex=Sex.FEMALE,
    phone="13812345678", email="zhang@example.com", address="张家界市桑植县澧源镇1号", branch_code="B1",
    manager_number=None, since=date(2001, 5, 6),
)  # fmt: skip


@pytest.mark.parametrize(
    ("name", "masked"),
    [
        ("张三", "张*"),
        ("张小龙", "张*"),
        ("欧阳修", "欧阳*"),
        ("欧阳", "欧*"),
        ("Anna O'Hara", "A*"),
    ],
)
def test_a_name_shows_its_family_and_not_its_length(name, masked):
    assert masked_name(name) == masked


@pytest.mark.parametrize(
    ("address", "masked"),
    [
        ("湖南省张家界市桑植县澧源镇和平路1号", "湖南省张家界市桑植县***"),
        ("张家界市永定区大庸路8号", "张家界市永定区***"),
        ("长阳土家族自治县龙舟坪镇1号", "长阳土家族自治县***"),
        ("义乌市稠城街道2号", "义乌市***"),
        ("Lifu 1", "***"), ("桑植县", "***"), ("1", "***"),
    ],
)  # fmt: skip
def test_an_address_is_shown_down_to_its_district(address, masked):
    assert masked_address(address) == masked


@pytest.mark.parametrize(
    ("role", "channel", "standing", "shown"),
    [
        ("teller", "counter", Standing(),
         ("张小龙", "1****************X", "138****5678", "z***@example.com", "张家界市桑植县***", True)),
        ("customer_manager", "console", Standing(),
         ("张小龙", "1****************X", "138****5678", "z***@example.com", "张家界市桑植县***", True)),
        ("customer_manager", "console", Standing(own=True),
         ("张小龙", "1****************X", "13812345678", "zhang@example.com", "张家界市桑植县澧源镇1号", True)),
        ("teller", "counter", Standing(own=True),
         ("张小龙", "1****************X", "138****5678", "z***@example.com", "张家界市桑植县***", True)),
        ("phone_agent", "phone", Standing(),
         ("张*", "1****************X", "138****5678", "z***@example.com", "***", False)),
        ("phone_agent", "phone", Standing(verified=True),
         ("张小龙", "1****************X", "138****5678", "zhang@example.com", "张家界市桑植县澧源镇1号", True)),
        ("marketer", "console", Standing(verified=True), ("张*", "***", "***", "***", "张家界市桑植县***", True)),
        ("whoever", "some", Standing(verified=True),
         ("张小龙", "1****************X", "138****5678", "z***@example.com", "张家界市桑植县***", True)),
    ],
)  # fmt: skip
def test_callers_see_as_much_as_the_bank_decided(role, channel, standing, shown):
    seen = personal(SHIPPED).masks.of(role, channel, standing).shown(PERSON)
    assert (
        seen.name, seen.id_number, seen.phone, seen.email, seen.address, seen.born_on is not None,
    ) == shown  # fmt: skip
    assert replace(
        seen, name=PERSON.name, id_number=PERSON.id_number, phone=PERSON.phone, email=PERSON.email,
        address=PERSON.address, born_on=PERSON.born_on,
    ) == PERSON  # fmt: skip


def test_an_enterprise_keeps_its_public_name_and_founding_day():
    mill = replace(PERSON, kind=CustomerKind.ENTERPRISE, name="桑植面粉有限公司")
    seen = personal(SHIPPED).masks.of("phone_agent", "phone", Standing()).shown(mill)
    assert (seen.name, seen.born_on) == ("桑植面粉有限公司", date(1949, 12, 31))


def test_what_is_not_known_is_not_masked():
    bare = replace(PERSON, id_number=None, phone=None, email=None, address=None, born_on=None)
    for channel in ("counter", "phone"):
        seen = personal(SHIPPED).masks.of("teller", channel, Standing()).shown(bare)
        assert replace(seen, name=bare.name) == bare


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda told: told["masks"]["sets"]["desk"].update(phone="half"), "phone is shown as one of"),
        (lambda told: told["masks"]["sets"]["desk"].pop("email"), "email"),
        (lambda told: told["masks"]["rules"].insert(0, {"set": "none"}), "no set is called none"),
        (lambda told: told["masks"]["rules"].pop(), "the last rule must fit everybody"),
        (lambda told: told["masks"]["rules"].clear(), "the last rule must fit everybody"),
        (lambda told: told["reveals"].update(at_once=0), "at least one at once"),
        (lambda told: told.update(more=1), "more"),
        (lambda told: told["verification"].update(minutes=0), "minutes"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_meant_is_refused(tmp_path, change, why):
    told = yaml.safe_load(SHIPPED.read_text())
    change(told)
    file = tmp_path / "personal.yaml"
    file.write_text(yaml.safe_dump(told))
    with pytest.raises((ValueError, ValidationError), match=why):
        personal(file)


def test_an_allowance_is_used_up_and_comes_back_one_by_one():
    allowance, full_at = Allowance(at_once=2, per_hour=60), NOON - timedelta(days=1)
    full_at = allowance.take(full_at, NOON)
    full_at = allowance.take(full_at, NOON)
    with pytest.raises(RevealLimit, match="try again in 1 min"):
        allowance.take(full_at, NOON)
    full_at = allowance.take(full_at, NOON + timedelta(minutes=1))
    with pytest.raises(RevealLimit):
        allowance.take(full_at, NOON + timedelta(minutes=1, seconds=59))


@given(
    st.integers(1, 10), st.integers(1, 3600),
    st.lists(st.integers(0, 600), min_size=1, max_size=80),
)  # fmt: skip
def test_no_stretch_of_time_gives_more_than_the_allowance(at_once, per_hour, waits):
    allowance, full_at, now, taken = Allowance(at_once=at_once, per_hour=per_hour), NOON, NOON, []
    for wait in waits:
        now += timedelta(seconds=wait)
        try:
            full_at = allowance.take(full_at, now)
        except RevealLimit:
            continue
        taken.append(now)
    for i, first in enumerate(taken):
        for j in range(i, len(taken)):
            hours = (taken[j] - first) / timedelta(hours=1)
            assert j - i + 1 <= at_once + hours * per_hour + 1e-6
    assert taken[0] == NOON + timedelta(seconds=waits[0])
