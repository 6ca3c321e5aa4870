"""ID numbers, credit codes and phone numbers: checked, compared, masked."""

import pytest
from customer.domain.identifiers import (
    check_resident_id,
    check_uscc,
    masked_email,
    masked_id_number,
    masked_phone,
    normal_id_number,
    normal_phone,
)
from customer.domain.problems import BadResidentId, BadUscc
from hypothesis import given
from hypothesis import strategies as st

RESIDENT = "11010519491231002X"
USCC = "91350100M000100Y43"
USCC_DIGITS = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def test_accepts_the_published_examples():
    check_resident_id(RESIDENT)
    check_uscc(USCC)


@given(st.integers(0, 17), st.sampled_from("0123456789X"))
def test_a_resident_id_with_one_wrong_character_is_refused(place, digit):
    wrong = RESIDENT[:place] + digit + RESIDENT[place + 1 :]
    if wrong == RESIDENT:
        check_resident_id(wrong)
    else:
        with pytest.raises(BadResidentId):
            check_resident_id(wrong)


@given(st.integers(0, 17), st.sampled_from(USCC_DIGITS))
def test_a_credit_code_with_one_wrong_character_is_refused(place, digit):
    wrong = USCC[:place] + digit + USCC[place + 1 :]
    if wrong == USCC:
        check_uscc(wrong)
    else:
        with pytest.raises(BadUscc):
            check_uscc(wrong)


@pytest.mark.parametrize(
    ("number", "why"),
    [
        ("110105491231002", "it needs 17 digits"),
        ("11010519490231002X", "its digits 7 to 14 are not a day"),
        ("110105194912310021", "its check character does not fit"),
        ("\uff111010519491231002X", "it needs 17 digits"),
        ("11010500001231002X", "its digits 7 to 14 are not a day"),
    ],
)
def test_says_what_is_wrong_with_a_resident_id(number, why):
    with pytest.raises(BadResidentId, match=why):
        check_resident_id(number)


@pytest.mark.parametrize("code", ["91350100M000100Y4", "91350100I000100Y43", "91350100m000100y43"])
def test_says_what_is_wrong_with_a_credit_code(code):
    with pytest.raises(BadUscc, match="it needs 18 characters"):
        check_uscc(code)


@pytest.mark.parametrize(
    "written",
    ["13812345678", "138 1234 5678", "+86 138-1234-5678", "0086(138)12345678", "138.1234.5678"],
)
def test_every_way_of_writing_a_mobile_number_is_one_number(written):
    assert normal_phone(written) == "13812345678"


def test_other_countries_numbers_keep_their_code():
    assert normal_phone("00420 777 123 456") == "+420777123456"
    assert normal_phone("+86 10 6512 3456") == "+861065123456"


@given(st.text("0123456789+-() .", max_size=20))
def test_normalising_twice_changes_nothing_more(written):
    assert normal_phone(normal_phone(written)) == normal_phone(written)
    assert normal_id_number(normal_id_number(written)) == normal_id_number(written)


def test_masks_show_no_more_than_they_must():
    assert masked_phone("13812345678") == "138****5678"
    assert masked_phone("6512345") == "****45"
    assert masked_id_number(RESIDENT) == "1****************X"
    assert masked_id_number("G12") == "G*2"
    assert masked_id_number("G1") == "**"
    assert masked_email("zhang@example.com") == "z***@example.com"


def test_an_id_number_is_compared_without_separators_and_case():
    assert normal_id_number(" 110105-19491231-002x ") == RESIDENT
