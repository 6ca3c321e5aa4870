"""One customer in one round, and honest answers when a service does not answer."""

ONE_CUSTOMER = """
query OneCustomer($number: String!, $year: Int!) {
  customerByNumber(number: $number) {
    id number name
    accounts { number product balance { amount currency } }
    contribution(year: $year) { amount currency }
    offers
  }
}
"""
CONSENT = """
mutation Consent($id: ID!) { giveConsent(customerId: $id, idempotencyKey: "k") }
"""


def counts(bank):
    return len(bank.customer.calls), len(bank.scoring.calls), len(bank.campaign.calls)


def test_one_customer_takes_exactly_one_call_to_each_service(router, bank):
    answer = router.ask(ONE_CUSTOMER, {"number": "7", "year": 1994})
    assert answer == {
        "data": {
            "customerByNumber": {
                "id": "7",
                "number": "7",
                "name": "Customer 7",
                "accounts": [
                    {
                        "number": f"A{i}",
                        "product": "SAVINGS",
                        "balance": {"amount": f"{i}.00", "currency": "CNY"},
                    }
                    for i in range(3)
                ],
                "contribution": {"amount": "1994.00", "currency": "CNY"},
                "offers": ["offer for 7"],
            }
        }
    }
    assert counts(bank) == (1, 1, 1)


def test_an_unknown_customer_is_null_and_asks_nobody_else(router, bank):
    answer = router.ask(ONE_CUSTOMER, {"number": "nobody", "year": 1994})
    assert answer == {"data": {"customerByNumber": None}}
    assert counts(bank) == (1, 0, 0)


def test_a_service_that_is_down_leaves_its_fields_null_and_is_named(router, bank):
    bank.scoring.mood = "dead"
    answer = router.post(ONE_CUSTOMER, {"number": "7", "year": 1994})
    assert answer.status_code == 200
    customer = answer.json()["data"]["customerByNumber"]
    assert customer["name"] == "Customer 7"
    assert customer["offers"] == ["offer for 7"]
    assert customer["contribution"] is None
    assert [account["balance"] for account in customer["accounts"]] == [None, None, None]
    (error,) = answer.json()["errors"]
    trace_id = answer.headers["traceresponse"].split("-")[1]
    assert error["extensions"] == {
        "code": "SUBGRAPH_UNAVAILABLE",
        "subgraph": "scoring",
        "traceId": trace_id,
    }
    assert error["message"] == (
        "The scoring service does not answer. What it knows is missing from this answer: "
        f"send the request again. Quote trace {trace_id}."
    )


def test_an_address_where_nobody_listens_is_a_service_that_is_down(start, bank, nobody_listens):
    router = start(GATEWAY_CAMPAIGN_URL=nobody_listens)
    answer = router.ask(ONE_CUSTOMER, {"number": "7", "year": 1994})
    assert answer["data"]["customerByNumber"]["offers"] is None
    assert answer["data"]["customerByNumber"]["contribution"]["amount"] == "1994.00"
    assert [error["extensions"]["subgraph"] for error in answer["errors"]] == ["campaign"]


def test_a_proxy_page_instead_of_an_answer_is_a_service_that_is_down(router, bank):
    bank.campaign.mood = "broken"
    answer = router.ask(ONE_CUSTOMER, {"number": "7", "year": 1994})
    assert answer["data"]["customerByNumber"]["offers"] is None
    assert answer["errors"][0]["extensions"]["code"] == "SUBGRAPH_UNAVAILABLE"
    assert "Bad gateway" not in str(answer)


def test_with_the_first_service_down_the_answer_is_null_not_empty(router, bank):
    bank.customer.mood = "dead"
    answer = router.post(ONE_CUSTOMER, {"number": "7", "year": 1994})
    assert answer.status_code == 200
    assert answer.json()["data"] == {"customerByNumber": None}
    assert answer.json()["errors"][0]["extensions"]["subgraph"] == "customer"


def test_a_slow_service_is_given_up_after_the_time_out_and_not_asked_twice(start, bank):
    router = start(GATEWAY_UPSTREAM_TIMEOUT_MS=1500)
    bank.scoring.mood = "slow"
    answer = router.ask(ONE_CUSTOMER, {"number": "7", "year": 1994})
    assert answer["data"]["customerByNumber"]["contribution"] is None
    assert "did not answer in time" in answer["errors"][0]["message"]
    assert counts(bank) == (1, 1, 1)


def test_the_deadline_is_kept_with_what_is_known_by_then(start, bank):
    router = start(GATEWAY_DEADLINE_MS=1500)
    bank.scoring.mood = "slow"
    answer = router.ask(ONE_CUSTOMER, {"number": "7", "year": 1994})
    assert answer["data"]["customerByNumber"]["name"] == "Customer 7"
    assert answer["errors"][0]["extensions"]["code"] == "SUBGRAPH_UNAVAILABLE"


def test_a_read_is_tried_twice(router, bank):
    bank.customer.mood = "dead"
    router.ask(ONE_CUSTOMER, {"number": "7", "year": 1994})
    assert counts(bank) == (2, 0, 0)


def test_a_mutation_is_never_sent_twice(router, bank):
    bank.customer.mood = "dead"
    answer = router.ask(CONSENT, {"id": "7"})
    assert counts(bank) == (1, 0, 0)
    assert answer["data"] == {"giveConsent": None}
    (error,) = answer["errors"]
    assert error["extensions"]["code"] == "SUBGRAPH_UNAVAILABLE"
    assert "send it again with the same idempotencyKey" in error["message"]


def test_a_mutation_that_times_out_is_never_sent_twice(start, bank):
    router = start(GATEWAY_UPSTREAM_TIMEOUT_MS=1500)
    bank.customer.mood = "slow"
    answer = router.ask(CONSENT, {"id": "7"})
    assert counts(bank) == (1, 0, 0)
    assert "did not answer in time" in answer["errors"][0]["message"]


def test_a_refusal_with_a_code_reaches_the_client_as_it_is(router, bank):
    answer = router.ask(ONE_CUSTOMER, {"number": "7", "year": 1})
    (error,) = answer["errors"]
    assert error["message"] == "No contribution scheme covers this year."
    assert error["extensions"] == {"code": "SCHEME_MISSING", "subgraph": "scoring"}
    assert answer["data"]["customerByNumber"]["offers"] == ["offer for 7"]


def test_any_other_fault_of_a_service_is_masked_with_the_trace(router, bank):
    answer = router.post(ONE_CUSTOMER, {"number": "7", "year": 2})
    trace_id = answer.headers["traceresponse"].split("-")[1]
    (error,) = answer.json()["errors"]
    assert error["message"] == f"Something went wrong; quote trace {trace_id}"
    assert error["extensions"]["code"] == "INTERNAL"
    assert "secret" not in answer.text


def test_a_value_that_cannot_be_is_not_quoted(router, bank):
    answer = router.post(ONE_CUSTOMER, {"number": "7", "year": "13987654321 of Zhang"})
    [error] = answer.json()["errors"]
    assert error["extensions"]["code"] == "BAD_REQUEST"
    assert error["message"] == 'Variable "$year" has a value that is none of its type.'
    assert counts(bank) == (0, 0, 0)
