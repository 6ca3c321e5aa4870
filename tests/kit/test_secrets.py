"""What must never be kept is told from what merely looks a little like it."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kit.secrets import CARD_NUMBER, SECRET, SUSPECT, kept, luhn, secret


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("4111111111111111", CARD_NUMBER), ("ABC/6222 0212 3456 7890 128", CARD_NUMBER),
        ("card 4111-1111-1111-1111, old", CARD_NUMBER), ("卡6222021234567890128号", CARD_NUMBER),
        ("378282246310005", CARD_NUMBER), ("9558820200001323775", CARD_NUMBER),
        ("K81017204051938", None), ("81889355290568", None), ("11010519491231002X", None),
        ("4111111111111112", None), ("62280001", None), ("13812345678", None),
        ("1234567890123", None), ("41111111111111111111", None),
        ("B4111111111111112^ZHANG/SAN^2512", SECRET), (";4111111111111112=2512101", SECRET),
        ("CVV2: 123", SECRET), ("安全码 123", SECRET), ("验证码是 482913", SECRET),
        ("password is hunter2", SECRET), ("pwd=abc", SECRET), ("PIN: 1234", SECRET), ("密码abc123", SECRET),
        ("密码\uff1a888888", SECRET), ("data:image/png;base64,AAAA", SECRET),
        ("指纹 " + "QUJD" * 8, SECRET), ("QUJD" * 16, SECRET),
        ("Pinecone Road 1234", None), ("Spin 1234", None), ("password reset", None), ("忘记密码", None),
        ("CV 2024", None), ("fingerprint lock shop", None), ("湖南省张家界市桑植县澧源镇和平路1号", None),
        ("", None),
    ],
)  # fmt: skip
def test_what_must_not_be_kept_is_found(text, found):
    assert secret(text) == found


@given(st.text(alphabet="0123456789 -aB^;=cvnpidwor:密码指纹", max_size=80))
def test_engines_that_know_only_the_plain_pattern_miss_nothing(text):
    if secret(text):
        assert re.search(SUSPECT, text)


@given(st.integers(10**11, 10**18))
def test_of_ten_last_digits_one_fits(number):
    assert sum(luhn(f"{number}{digit}") for digit in range(10)) == 1


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("ABC/6222021234567890128", "ABC/622202*********0128"),
        ("4111 1111 1111 1111, 378282246310005", "4111 11** **** 1111, 378282*****0005"),
        ("卡4111-1111-1111-1111号", "卡4111-11**-****-1111号"),
        ("11010519491231002X", "11010519491231002X"), ("4111111111111112", "4111111111111112"),
        ("张三", "张三"), ("", ""), ("PIN: 1234", None), (";4111111111111111=2512101", None),
        ("4111111111111111, cvv 123", None),
    ],
)  # fmt: skip
def test_where_business_names_accounts_a_card_is_kept_by_its_first_six_and_last_four(text, left):
    assert kept(text) == left


@given(st.text(alphabet="0123456789 -aB^;=cvnpidwor:密码指纹", max_size=80))
def test_what_is_kept_holds_nothing_that_must_not_be(text):
    left = kept(text)
    assert (left is None) == (secret(text) == SECRET)
    if left is not None:
        assert secret(left) is None
        assert len(left) == len(text)
