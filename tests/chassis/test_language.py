"""Every answer is in the language of whoever asked; the competitors and orders of the sales service stand for all."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO
from typing import Any
from uuid import UUID

import pytest

from crm_chassis import language
from crm_chassis.ids import uuid7
from crm_chassis.language import say
from crm_chassis.testing import Bench, Client

CHINESE, ENGLISH = {"Accept-Language": "zh-CN,zh;q=0.9,en;q=0.8"}, {"Accept-Language": "en-GB,en;q=0.9"}
ALL = [f"competitor:{action}" for action in ("read", "create", "update", "delete", "export", "import", "configure")]


@pytest.fixture
def unit(bench: Bench) -> UUID:
    return bench.unit("N1", bench.unit("BD", kind="group"))


@pytest.fixture
def n1(bench: Bench, unit: UUID) -> Client:
    return bench.client(bench.caller(unit, [*ALL, "order:read", "order:create"], username="n1"))


@pytest.fixture
def zhang(bench: Bench, unit: UUID) -> Client:
    """Somebody whose own language is Chinese."""
    return bench.client(replace(bench.caller(unit, ALL, username="zhang"), locale="zh-CN"))


@pytest.mark.parametrize(
    ("asked", "own", "spoken"),
    [
        ("zh-CN", "en", "zh-CN"),
        ("zh-TW,zh;q=0.9", "en", "zh-CN"),
        ("en-US,en;q=0.9,zh;q=0.8", "zh-CN", "en"),
        ("fr", "zh-CN", "zh-CN"),
        ("fr, en;q=0.1", "zh-CN", "en"),
        ("*", "zh-CN", "zh-CN"),
        ("*", "en", "en"),
        ("not a language;;", "zh-CN", "zh-CN"),
        (None, "zh-CN", "zh-CN"),
        (None, "de-DE", "en"),
        (None, None, "en"),
    ],
)
def test_the_request_decides_and_else_the_callers_own_language(asked: str | None, own: str | None, spoken: str) -> None:
    language.begin(asked)
    language.prefer(own)

    assert language.current() == spoken


def test_a_sentence_follows_the_language_with_all_that_stands_in_it() -> None:
    found = say("This order is {status}; only drafts can be edited.", status=("已确认", "Confirmed"))
    nested = say("{field}: {reason}", field=("名称", "Name"), reason=say("Write something here."))
    listed = say("Map a column to {fields}.", fields=[("名称", "Name"), "code", ("级别", "SLA level")])

    coded = say("Choose one of: {options}.", options=[language.Coded("重点客户", "Key"), language.Coded("A", "A")])

    language.learn("crm_sales")
    language.learn("crm_customer")
    assert coded == "Choose one of: Key, A."
    assert coded.spoken("zh-CN") == "请从以下选项中选择：重点客户（Key）、A。"
    assert found == "This order is confirmed; only drafts can be edited."
    assert found.spoken("zh-CN") == "该订单的状态为“已确认”，只有草稿可以编辑。"
    assert nested.spoken("zh-CN") == "名称：请填写内容。"
    assert listed.spoken("en") == "Map a column to name, code, SLA level."
    assert listed.spoken("zh-CN") == "请为以下字段指定对应的列：名称、code、级别。"


def both(call: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """The problem of a call in Chinese and in English, which differ in nothing that a program reads."""
    answers = [(call(headers=CHINESE), "zh-CN"), (call(headers=ENGLISH), "en")]
    for answer, spoken in answers:
        assert answer.mimetype == "application/problem+json", answer.text
        assert answer.headers["Content-Language"] == spoken
        assert "Accept-Language" in answer.headers["Vary"]
    chinese, english = (answer.json for answer, _ in answers)
    for same in ("type", "status", "code"):
        assert chinese[same] == english[same]
    assert [(e["pointer"], e["code"]) for e in chinese.get("errors", ())] == [
        (e["pointer"], e["code"]) for e in english.get("errors", ())
    ]
    return chinese, english


def test_who_is_not_signed_in_is_told_so_in_both(bench: Bench) -> None:
    chinese, english = both(lambda **more: bench.client().get("/competitors", **more))

    assert (chinese["title"], english["title"]) == ("请先登录", "Sign in first")


def test_a_permission_is_named_by_its_words_in_chinese(bench: Bench, unit: UUID) -> None:
    reader = bench.client(bench.caller(unit, ["competitor:read"]))

    chinese, english = both(lambda **more: reader.post("/competitors", {"name": "x"}, **more))

    assert (chinese["title"], english["title"]) == ("您没有权限执行此操作", "You may not do this")
    assert chinese["detail"] == "您的角色没有“竞争对手·新建”权限，请联系管理员。"
    assert english["detail"] == "Your roles do not include competitor:create. Ask your administrator for it."


def test_what_is_not_there_is_called_by_its_label(n1: Client) -> None:
    chinese, english = both(lambda **more: n1.get(f"/competitors/{uuid7()}", **more))

    assert chinese["detail"] == "该竞争对手不存在，或您无权查看。"
    assert english["detail"] == "There is no such record in competitors for you."


def test_a_state_that_forbids_it_is_told_in_both(n1: Client) -> None:
    made = n1.post("/competitors", {"name": "Rival"}).json

    chinese, english = both(lambda **more: n1.post(f"/competitors/{made['id']}/restore", **more))

    assert (chinese["status"], chinese["detail"]) == (409, "该记录未被删除。")
    assert english["detail"] == "This record is not deleted."


def test_a_stale_version_and_a_missing_one_are_told_in_both(n1: Client) -> None:
    made = n1.post("/competitors", {"name": "Rival"}).json
    change = lambda **more: n1.patch(f"/competitors/{made['id']}", {"name": "x"}, **more)  # noqa: E731

    missing, _ = both(change)
    stale, english = both(lambda **more: change(version=7, **more))

    assert (missing["status"], missing["detail"]) == (428, "缺少 If-Match，请附上读取时得到的 ETag")
    assert (stale["status"], stale["detail"]) == (412, "该记录已被他人修改，请刷新后重试")
    assert english["detail"] == "The record was changed by someone else in the meantime"


def test_marshmallows_own_messages_are_said_at_the_nested_field(n1: Client) -> None:
    order = {"customer_id": "nobody", "lines": [{"quantity": "-1", "name": "x" * 300}], "colour": "red"}

    chinese, english = both(lambda **more: n1.post("/orders", order, **more))

    messages = {entry["pointer"]: entry["message"] for entry in chinese["errors"]}
    assert messages["/customer_id"] == "不是有效的记录编号（UUID）。"
    assert messages["/lines/0/name"] == "长度不能超过 200。"
    assert messages["/colour"] == "没有此字段。"
    assert messages["/lines/0/quantity"].startswith(("不能小于", "须在"))
    said = {entry["pointer"]: entry["message"] for entry in english["errors"]}
    assert said["/customer_id"] == "Not a valid UUID."
    assert said["/lines/0/name"] == "Longer than maximum length 200."


def test_what_a_query_has_wrong_is_told_in_both(n1: Client) -> None:
    chinese, english = both(lambda **more: n1.get("/competitors?limit=900", **more))

    assert chinese["errors"][0]["message"] == "请填写 1 到 200 之间的数字。"
    assert english["errors"][0]["message"] == "Write a number from 1 to 200."


def test_without_the_header_the_callers_own_language_holds(zhang: Client, n1: Client) -> None:
    assert zhang.post("/competitors", {}).json["errors"][0]["message"] == "必填项，请填写。"
    assert n1.post("/competitors", {}).json["errors"][0]["message"] == "Missing data for required field."
    assert zhang.post("/competitors", {}, headers=ENGLISH).json["title"] == "Some values need correction"


def test_an_address_that_does_not_exist_is_told_in_both(n1: Client) -> None:
    nowhere, _ = both(lambda **more: n1.get("/nowhere", **more))
    method, english = both(lambda **more: n1.delete("/competitors", **more))

    assert nowhere["detail"] == "接口中没有这个地址。"
    assert (method["status"], method["title"]) == (405, "该地址不支持此请求方法")
    assert english["title"] == "This address does not take that method"


CSV = "名称,网站\n甲公司,https://a.example\n乙公司,not a site\n".encode()


def _import(bench: Bench, who: Client, headers: dict[str, str]) -> tuple[dict[str, Any], str]:
    file = (BytesIO(CSV), "list.csv")
    started = who.call("POST", "/competitors/imports", key=str(uuid7()), data={"file": file}, headers=headers)
    assert started.status_code == 202, started.json
    bench.run_jobs()
    job = who.get(started.headers["Location"]).json
    return job, who.get(job["rejected_file"]).text


def test_an_import_tells_its_errors_in_the_language_it_was_started_in(bench: Bench, n1: Client) -> None:
    chinese, rejected = _import(bench, n1, CHINESE)
    english, refused = _import(bench, n1, {})

    assert chinese["errors"][0]["errors"][0]["message"] == "请填写有效的网址。"
    assert "网站：请填写有效的网址。" in rejected
    assert english["errors"][0]["errors"][0]["message"] == "Not a valid URL."
    assert "website: Not a valid URL." in refused


def test_an_import_that_cannot_begin_says_why_in_its_language(bench: Bench, n1: Client) -> None:
    file = (BytesIO(b"colour\nred\n"), "list.csv")
    started = n1.call("POST", "/competitors/imports", key="i1", data={"file": file}, headers=CHINESE)
    bench.run_jobs()

    job = n1.get(started.headers["Location"]).json
    assert (job["state"], job["errors"]) == ("failed", [{"message": "文件中没有与字段对应的列，请指定列映射。"}])


def test_an_export_has_its_titles_in_the_language_it_was_asked_in(bench: Bench, n1: Client) -> None:
    n1.post("/competitors", {"name": "Rival"})
    started = n1.post("/competitors/exports", {"format": "csv", "fields": ["name", "website"]}, headers=CHINESE)
    bench.run_jobs()

    assert n1.get(n1.get(started.headers["Location"]).json["file"]).text.splitlines()[0].endswith("名称,网站")


def test_a_bulk_action_tells_each_refusal_in_the_language_of_the_request(n1: Client) -> None:
    body = {"action": "delete", "ids": [str(uuid7())]}

    found = n1.post("/competitors/bulk", body, headers=CHINESE).json["results"][0]

    assert found["problem"]["detail"] == "该竞争对手不存在，或您无权查看。"


def test_a_service_without_a_catalogue_leaves_the_others_theirs() -> None:
    assert language.catalogue("crm_of_nobody") == {}
