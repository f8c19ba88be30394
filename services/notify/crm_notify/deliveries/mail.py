"""Writing a mail and handing it to the mail server (SMTP, RFC 5321)."""

from __future__ import annotations

import smtplib
import ssl
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from types import TracebackType
from urllib.parse import parse_qs, unquote, urlsplit
from uuid import UUID

from jinja2.sandbox import ImmutableSandboxedEnvironment

from crm_chassis.mail_addresses import Undeliverable, deliverable

_TIMEOUT_S = 5.0
_PERMANENT = 500
_NO_SUCH_MAILBOX = frozenset({550, 551, 553, 554})

_HTML = ImmutableSandboxedEnvironment(autoescape=True).from_string(
    """<!doctype html><html lang="{{ language }}"><head><meta charset="utf-8"><title>{{ title }}</title></head>
<body style="margin:0;padding:24px;background:#f5f6f8;font-family:system-ui,'PingFang SC','Microsoft YaHei',sans-serif">
<div style="max-width:560px;margin:0 auto;padding:24px;background:#fff;border-radius:8px;color:#1f2329">
<h1 style="margin:0 0 12px;font-size:18px">{{ title }}</h1>
{% for line in body.splitlines() %}<p style="margin:0 0 8px;line-height:1.6">{{ line }}</p>
{% endfor %}<p style="margin:20px 0"><a href="{{ url }}" style="padding:9px 18px;background:#1a7f5a;color:#fff;\
text-decoration:none;border-radius:4px">{{ action }}</a></p>
<p style="margin:0;color:#6b7280;font-size:12px">{{ footer }}</p>
</div></body></html>"""
)
_ACTION = ("查看详情", "Open")
_FOOTER = ("此邮件由榕树 CRM 自动发送。", "Banyan CRM sent this mail by itself.")
_SETTINGS = ("通知设置：", "Choose what you are told: ")


class NotTaken(Exception):
    """The mail server did not take the mail; another attempt may succeed."""


class Refused(Exception):
    """The mail server will never take this mail."""


class Doubtful(Exception):
    """The line broke after the mail was handed over and before the server had answered."""


def write(
    *,
    delivery_id: UUID,
    sender: str,
    recipient: str,
    title: str,
    body: str,
    url: str,
    settings_url: str,
    language: int,
    at: datetime,
) -> EmailMessage:
    """A mail in plain text and HTML. Its Message-ID is the delivery's id, so a repetition can be recognised.

    language: 0 for Chinese, 1 for English. Raises Refused for a recipient to whom no mail server can be asked to send.
    """
    domain = parseaddr(sender)[1].rpartition("@")[2] or "localhost"
    footer = f"{_FOOTER[language]} {_SETTINGS[language]}{settings_url}"
    mail = EmailMessage()
    mail["Subject"] = " ".join(title.split())
    mail["From"], mail["To"] = sender, _reachable(recipient)
    mail["Message-ID"], mail["Date"] = f"<{delivery_id}@{domain}>", format_datetime(at)
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(f"{title}\n\n{body}\n\n{url}\n\n-- \n{footer}\n")
    html = _HTML.render(
        language=("zh-CN", "en")[language],
        title=title,
        body=body,
        url=url,
        action=_ACTION[language],
        footer=footer,
    )
    mail.add_alternative(html, subtype="html")
    return mail


def _reachable(recipient: str) -> str:
    try:
        return deliverable(recipient)
    except Undeliverable as error:
        raise Refused(f"No mail can be sent to {recipient}. {error}") from error


@dataclass(frozen=True, slots=True)
class Server:
    """A mail server as ``SMTP_URL`` names it."""

    host: str
    port: int
    username: str
    password: str
    tls: bool
    starttls: bool


def server_of(url: str) -> Server:
    """Read ``smtp://user:password@host:port?starttls=1`` or ``smtps://…``. Raises ValueError for anything else.

    Where there is a user, STARTTLS is the default, so that no password goes over the line in clear; ``starttls=0`` says no.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"smtp", "smtps"} or not parts.hostname:
        raise ValueError("SMTP_URL reads smtp://user:password@host:port?starttls=1 or smtps://user:password@host:port")
    tls = parts.scheme == "smtps"
    usual = "1" if parts.username and not tls else "0"
    starttls = parse_qs(parts.query).get("starttls", [usual])[0] in {"1", "true"}
    port = parts.port or (465 if tls else 587 if starttls else 25)
    return Server(parts.hostname, port, unquote(parts.username or ""), unquote(parts.password or ""), tls, starttls)


class Line:
    """A connection to the mail server, opened at the first mail and again after it broke."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._smtp: smtplib.SMTP | None = None

    def __enter__(self) -> Line:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _: TracebackType | None
    ) -> None:
        self._hang_up()

    def send(self, mail: EmailMessage) -> None:
        """Hand a mail over. Raises NotTaken, Refused, Doubtful."""
        recipient, content = _as_sent(mail)
        try:
            self._hand_over(parseaddr(mail["From"])[1], recipient, content)
        except Exception:
            self._hang_up()  # or the next mail would go into the middle of this one
            raise

    def _hand_over(self, sender: str, recipient: str, content: bytes) -> None:
        """One mail on the line. What cannot even be said to the server is a setting of ours, no fault of the mail."""
        handed_over = False
        try:
            smtp = self._open()
            _expect(smtp.mail(sender))
            _expect(smtp.rcpt(recipient))
            handed_over = True
            _expect(smtp.data(content))
        except smtplib.SMTPResponseException as error:
            text = f"{error.smtp_code} {_text(error.smtp_error)}"
            raise (Refused if error.smtp_code >= _PERMANENT and _final(error) else NotTaken)(text) from error
        except (OSError, smtplib.SMTPException, ValueError) as error:
            raise (Doubtful if handed_over else NotTaken)(f"{type(error).__name__}: {error}") from error

    def _open(self) -> smtplib.SMTP:
        if self._smtp is None:
            server = self._server
            if server.tls:
                context = ssl.create_default_context()
                smtp: smtplib.SMTP = smtplib.SMTP_SSL(server.host, server.port, timeout=_TIMEOUT_S, context=context)
            else:
                smtp = smtplib.SMTP(server.host, server.port, timeout=_TIMEOUT_S)
            self._smtp = smtp
            smtp.ehlo_or_helo_if_needed()
            if server.starttls:
                smtp.starttls(context=ssl.create_default_context())
                smtp.ehlo()
            if server.username:
                smtp.login(server.username, server.password)
        return self._smtp

    def _hang_up(self) -> None:
        smtp, self._smtp = self._smtp, None
        if smtp is None:
            return
        try:
            smtp.quit()
        except (OSError, smtplib.SMTPException):
            smtp.close()


def _as_sent(mail: EmailMessage) -> tuple[str, bytes]:
    """The recipient and the mail as the line carries them. Raises Refused for what cannot be written so."""
    try:
        recipient = parseaddr(mail["To"])[1]
        recipient.encode("ascii")
        return recipient, mail.as_bytes(policy=mail.policy.clone(linesep="\r\n"))
    except ValueError as error:
        raise Refused(f"This mail cannot be written for a mail server. {type(error).__name__}: {error}") from error


def _expect(answer: tuple[int, bytes]) -> None:
    code, text = answer
    if not 200 <= code < 300:
        raise smtplib.SMTPResponseException(code, text)


def _final(error: smtplib.SMTPResponseException) -> bool:
    """Whether the refusal is about this mail; a refused sign-in (530-535) is about us and can be put right."""
    return error.smtp_code in _NO_SUCH_MAILBOX


def _text(answer: bytes | str) -> str:
    return answer.decode(errors="replace") if isinstance(answer, bytes) else answer
