"""Mails reach a real SMTP server once, are repeated where that is harmless, and what fails is seen by operators."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage
from typing import Any
from uuid import UUID

import pytest
from notify.world import MailSink, World, money, record

from crm_chassis import clock, ids
from crm_chassis.identity import Grant
from crm_chassis.testing import Bench, everything_of
from crm_notify.deliveries import actions
from crm_notify.deliveries.models import Delivery


def assign(world: World, owner: UUID | None = None, **more: Any) -> None:
    values = {
        "name": "Deal",
        "customer_id": ids.uuid7(),
        "stage": "s",
        "probability": 1,
        "amount": money(),
        "status": "open",
    }
    world.bench.deliver("crm.sales.opportunity.assigned.v1", record(world.team, owner or world.anna, **values) | more)


def the_delivery(world: World) -> Delivery:
    (row,) = world.rows(Delivery)
    return row


def test_a_mail_goes_out_as_text_and_html_with_the_deliverys_id(world: World, mails: MailSink) -> None:
    assign(world, name="Deal <1>")

    world.run("deliveries")

    (mail,) = mails.to("anna@example.com")
    row = the_delivery(world)
    assert mail["Message-ID"] == f"<{row.id}@banyan.example>"
    assert mail["From"] == "Banyan <crm@banyan.example>"
    assert mail["Subject"] == "Opportunity Deal <1> is now yours"
    text, html = (mail.get_body([kind]).get_content() for kind in ("plain", "html"))
    assert "Amount: CNY 1,234.50." in text
    assert "http://127.0.0.1:8080/opportunities/" in text
    assert "Deal &lt;1&gt;" in html
    assert (row.status, row.attempts, row.last_error) == ("sent", 1, None)


def test_a_mail_speaks_the_recipients_language(world: World, mails: MailSink) -> None:
    assign(world, world.li)

    world.run("deliveries")

    (mail,) = mails.to("li@example.com")
    assert mail["Subject"] == "商机“Deal”已分配给您"
    assert "查看详情" in mail.get_body(["html"]).get_content()


def test_a_second_run_sends_nothing_again(world: World, mails: MailSink) -> None:
    assign(world)
    for _ in range(3):
        world.run("deliveries")

    assert len(mails.taken) == 1


def test_two_workers_at_once_send_each_mail_once(world: World, mails: MailSink) -> None:
    for _ in range(12):
        assign(world)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda _: world.run("deliveries"), range(2)))

    assert len(mails.taken) == 12
    assert len({mail["Message-ID"] for mail in mails.taken}) == 12


def test_a_busy_server_is_tried_again_later(world: World, mails: MailSink) -> None:
    assign(world)
    mails.answer = "451 try later"
    world.run("deliveries")
    row = the_delivery(world)
    assert (row.status, row.attempts, row.last_error) == ("pending", 1, "451 try later")
    mails.answer = "250 OK"

    world.run("deliveries")
    assert mails.taken == []
    with clock.frozen(clock.now() + timedelta(seconds=61)):
        world.run("deliveries")

    assert len(mails.taken) == 1
    assert the_delivery(world).status == "sent"


def test_after_the_last_attempt_it_has_failed_and_says_so(world: World, mails: MailSink) -> None:
    assign(world)
    mails.answer = "451 try later"
    now = clock.now()
    for hours in range(0, 48, 7):
        with clock.frozen(now + timedelta(hours=hours)):
            world.run("deliveries")

    row = the_delivery(world)
    assert (row.status, row.attempts, row.next_attempt_at) == ("failed", 6, None)
    (event,) = world.bench.events("crm.notify.delivery.failed.v1")
    assert event["data"]["error"] == "451 try later"
    assert event["data"]["recipient"] == "anna@example.com"


def test_an_unknown_mailbox_fails_at_once(world: World, mails: MailSink) -> None:
    assign(world)
    mails.recipient_answer = "550 no such user"

    world.run("deliveries")

    assert the_delivery(world).status == "failed"
    assert len(world.bench.events("crm.notify.delivery.failed.v1")) == 1


def test_an_operator_has_a_failed_one_sent_again(world: World, mails: MailSink) -> None:
    assign(world)
    mails.recipient_answer = "550 no such user"
    world.run("deliveries")
    mails.recipient_answer = "250 OK"
    row = the_delivery(world)
    operator = world.client(world.boss, everything_of("notify"))
    (listed,) = operator.get("/deliveries?status=failed").json["items"]
    assert listed["can"] == ["retry"]

    assert operator.post(f"/deliveries/{row.id}/retry").json["status"] == "pending"
    world.run("deliveries")

    assert len(mails.taken) == 1
    again = operator.post(f"/deliveries/{row.id}/retry")
    assert (again.status_code, again.json["code"]) == (409, "state_conflict")


def test_operators_see_the_deliveries_of_their_units_only(world: World, mails: MailSink) -> None:
    assign(world)
    row = the_delivery(world)
    path = f"/deliveries/{row.id}/retry"
    foreign = {f"delivery:{a}": Grant(subtrees=frozenset({world.e1})) for a in ("read", "update")}
    reader = {"delivery:read": Grant(subtrees=frozenset({world.n1})), "delivery:update": Grant(own=True)}

    assert world.client(world.boss, foreign).get("/deliveries").json["items"] == []
    assert world.client(world.boss, foreign).post(path).status_code == 404
    assert world.client(world.boss, reader).post(path).status_code == 403


def test_a_line_that_breaks_after_the_hand_over_leaves_it_unknown_and_it_is_repeated(
    world: World, mails: MailSink
) -> None:
    assign(world)
    mails.hang_up = True
    world.run("deliveries")
    row = the_delivery(world)
    assert row.status == "unknown"
    mails.hang_up = False

    with clock.frozen(clock.now() + timedelta(seconds=61)):
        world.run("deliveries")

    assert the_delivery(world).status == "sent"
    assert {mail["Message-ID"] for mail in mails.taken} == {f"<{row.id}@banyan.example>"}


def claim_and_die(world: World) -> None:
    """A sender claims what is due and is never heard of again."""
    with world.bench.system() as session:
        assert len(actions.claim(session, 10)) == 1


def test_a_sender_that_dies_leaves_a_mail_that_is_sent_again_after_its_lease(world: World, mails: MailSink) -> None:
    assign(world)
    claim_and_die(world)
    world.run("deliveries")
    assert mails.taken == []
    assert the_delivery(world).status == "sending"

    with clock.frozen(clock.now() + timedelta(seconds=121)):
        world.run("deliveries")

    assert len(mails.taken) == 1
    assert the_delivery(world).status == "sent"


def test_a_mail_about_money_waits_for_a_person_when_nobody_knows_whether_it_left(world: World, mails: MailSink) -> None:
    claim = record(world.team, world.anna, number="EX-1", title="Trip", claimant_id=world.anna, total=money())
    world.bench.deliver("crm.expenses.claim.paid.v1", claim)
    claim_and_die(world)

    for days in (1, 2):
        with clock.frozen(clock.now() + timedelta(days=days)):
            world.run("deliveries")

    row = the_delivery(world)
    assert (row.status, mails.taken) == ("unknown", [])
    operator = world.client(world.boss, everything_of("notify"))
    assert operator.post(f"/deliveries/{row.id}/retry").status_code == 200
    world.run("deliveries")
    assert len(mails.taken) == 1


def test_a_server_that_is_away_costs_attempts_and_no_mail(world: World, mails: MailSink) -> None:
    from crm_notify.deliveries.mail import Line, NotTaken, server_of, write

    mail = write(
        delivery_id=ids.uuid7(), sender="a@b.example", recipient="c@d.example", title="T", body="B", url="u",
        settings_url="s", language=0, at=clock.now(),
    )  # fmt: skip
    with Line(server_of("smtp://127.0.0.1:9")) as line, pytest.raises(NotTaken):
        line.send(mail)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("smtp://u:p%40w@mail.example:2525?starttls=1", ("mail.example", 2525, "u", "p@w", False, True)),
        ("smtp://mail.example?starttls=1", ("mail.example", 587, "", "", False, True)),
        ("smtp://mail.example", ("mail.example", 25, "", "", False, False)),
        ("smtp://u:pw@mail.example", ("mail.example", 587, "u", "pw", False, True)),
        ("smtp://u:pw@mail.example?starttls=0", ("mail.example", 25, "u", "pw", False, False)),
        ("smtps://mail.example", ("mail.example", 465, "", "", True, False)),
    ],
)
def test_the_mail_servers_address(url: str, expected: tuple[Any, ...]) -> None:
    from crm_notify.deliveries.mail import server_of

    server = server_of(url)
    assert (server.host, server.port, server.username, server.password, server.tls, server.starttls) == expected


def test_an_address_that_is_none_is_refused() -> None:
    from crm_notify.deliveries.mail import server_of

    with pytest.raises(ValueError, match="SMTP_URL reads"):
        server_of("mail.example:25")


def test_a_digest_is_mailed_once_with_all_that_came(world: World, mails: MailSink) -> None:
    for number in range(60):
        assign(world, name=f"Deal {number}")
    world.run("deliveries")
    assert len(mails.taken) == 20
    for number in range(5):
        assign(world, name=f"Late {number}")

    with clock.frozen(clock.now() + timedelta(minutes=11)):
        world.run("deliveries")
        world.run("deliveries")

    assert len(mails.taken) == 21
    assert mails.taken[-1]["Subject"] == "45 more: Opportunity assigned"


def test_a_replayed_event_mails_nothing(world: World, mails: MailSink) -> None:
    from crm_chassis import inbox

    order = record(world.team, world.anna, name="L", company=None, status="new")
    world.bench.deliver("crm.sales.lead.assigned.v1", order)
    with world.bench.system() as session:
        session.execute(Delivery.__table__.delete())
        from crm_notify.notifications.models import Notification

        session.execute(Notification.__table__.delete())
        session.execute(inbox.InboxRow.__table__.update().values(pos=1))
        inbox.replay_from(session, "sales", 1)
    inbox.retry_due(world.bench.runtime)

    assert world.kinds(world.anna) == ["lead.assigned"]
    assert world.rows(Delivery) == []


def test_without_a_mail_server_nothing_is_queued_and_the_preferences_say_why(world: World, bench: Bench) -> None:
    with_mail = bench.runtime.settings
    bench.runtime.settings = replace(with_mail, smtp_url="")
    try:
        assign(world)
        world.run("deliveries")
        channel = world.client(world.anna).get("/notification-preferences").json["channels"]["email"]
    finally:
        bench.runtime.settings = with_mail

    assert world.rows(Delivery) == []
    assert channel["available"] is False
    assert "SMTP_URL" in channel["reason"]


def test_an_address_no_server_takes_fails_by_itself_and_says_why(world: World, mails: MailSink) -> None:
    assign(world, world.user("odd", world.team, email="李@example.com"))
    assign(world)

    world.run("deliveries")

    assert len(mails.to("anna@example.com")) == 1
    odd, anna = sorted(world.rows(Delivery), key=lambda row: row.created_at)
    assert (odd.status, odd.attempts, anna.status) == ("failed", 1, "sent")
    assert odd.last_error.startswith("No mail can be sent to 李@example.com. Write what stands before the @")
    assert [event["data"]["recipient"] for event in world.bench.events(actions.FAILED_EVENT)] == ["李@example.com"]


def test_a_domain_in_chinese_is_mailed_in_its_ascii_form(world: World, mails: MailSink) -> None:
    assign(world, world.user("far", world.team, email="li@例子.中国"))

    world.run("deliveries")

    assert len(mails.to("li@xn--fsqu00a.xn--fiqs8s")) == 1
    assert the_delivery(world).status == "sent"


def test_a_refusal_with_a_nul_in_it_is_written_down_and_the_next_mail_goes(world: World, mails: MailSink) -> None:
    assign(world)
    mails.recipient_answer = "550 no such\x00user"

    world.run("deliveries")

    assert the_delivery(world).last_error == "550 no such�user"


@pytest.mark.parametrize("sender", ["Banyan\r\n <crm@banyan.example>", "Banyan <榕树@banyan.example>"])
def test_a_wrong_setting_of_ours_costs_each_mail_an_attempt_and_leaves_none_half_sent(
    world: World, mails: MailSink, sender: str
) -> None:
    for _ in range(3):
        assign(world)
    claim = record(world.team, world.anna, number="EX-1", title="Trip", claimant_id=world.anna, total=money())
    world.bench.deliver("crm.expenses.claim.paid.v1", claim)
    right = world.bench.runtime.settings
    world.bench.runtime.settings = replace(right, mail_from=sender)
    try:
        world.run("deliveries")
    finally:
        world.bench.runtime.settings = right

    assert mails.taken == []
    assert {(row.status, row.attempts) for row in world.rows(Delivery)} == {("pending", 1)}
    with clock.frozen(clock.now() + timedelta(seconds=61)):
        world.run("deliveries")
    assert len(mails.taken) == 4


def test_a_mail_that_cannot_be_written_leaves_the_line_to_the_next_one(mails: MailSink) -> None:
    from crm_notify.deliveries.mail import Line, Refused, server_of

    def mail(recipient: str) -> EmailMessage:
        made = EmailMessage()
        made["From"], made["To"] = "crm@banyan.example", recipient
        return made

    with Line(server_of(mails.url)) as line:
        line.send(mail("anna@example.com"))
        with pytest.raises(Refused, match="UnicodeEncodeError"):
            line.send(mail("李@example.com"))
        line.send(mail("li@example.com"))

    assert [taken["To"] for taken in mails.taken] == ["anna@example.com", "li@example.com"]
