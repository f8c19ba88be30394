"""An address is taken only where mail can be sent to it, and who writes another is told what to do."""

from __future__ import annotations

from typing import Any

import pytest
from marshmallow import Schema

from crm_chassis import errors, fields
from crm_chassis.http import load
from crm_chassis.language import CHINESE
from crm_chassis.mail_addresses import Undeliverable, deliverable


class CardSchema(Schema):
    email = fields.email(("邮箱", "E-mail"))


def refusals(address: Any) -> list[str]:
    with pytest.raises(errors.Invalid) as refused:
        load(CardSchema(), {"email": address})
    assert {error["pointer"] for error in refused.value.errors} == {"/email"}
    return [error["message"].spoken(CHINESE) for error in refused.value.errors]


@pytest.mark.parametrize(
    ("address", "sent_to"),
    [
        ("li.wei+crm@example.com", "li.wei+crm@example.com"),
        ("LI@Example.COM", "LI@Example.COM"),
        ("li@例子.中国", "li@xn--fsqu00a.xn--fiqs8s"),
        ("li@xn--fsqu00a.xn--fiqs8s", "li@xn--fsqu00a.xn--fiqs8s"),
        ("anna@Bücher.Example", "anna@xn--bcher-kva.Example"),
        ("anna@bu\u0308cher.example", "anna@xn--bcher-kva.example"),
        ("li@[192.0.2.1]", "li@[192.0.2.1]"),
    ],
)
def test_an_address_is_kept_as_written_and_sent_in_ascii(address: str, sent_to: str) -> None:
    assert load(CardSchema(), {"email": address}) == {"email": address}
    assert deliverable(address) == sent_to


@pytest.mark.parametrize("address", ["李@example.com", "josé@example.com", "ｌｉ@example.com"])
def test_a_name_before_the_at_in_another_script_is_refused(address: str) -> None:
    assert refusals(address) == ["请用英文字母、数字和符号填写 @ 之前的部分：多数邮件服务器不接受其他字符。"]


@pytest.mark.parametrize("address", ["li@straße.example", "li@ｅｘａｍｐｌｅ.com", f"li@{'字' * 63}.cn"])
def test_a_domain_that_would_become_another_one_is_not_guessed_at(address: str) -> None:
    assert refusals(address)[-1] == "请填写 @ 之后域名的注册形式（以 xn-- 开头）。"


@pytest.mark.parametrize("address", ["李", "li", "", 7])
def test_what_is_no_address_is_called_that(address: Any) -> None:
    assert len(refusals(address)) == 1


def test_no_address_is_no_fault() -> None:
    assert load(CardSchema(), {"email": None}) == {"email": None}


@pytest.mark.parametrize(
    "address", ["", "li", "@example.com", "li@", "l i@example.com", "li\r\n@example.com", "li@a\nb"]
)
def test_what_could_not_be_said_to_a_mail_server_is_not_said(address: str) -> None:
    with pytest.raises(Undeliverable):
        deliverable(address)
