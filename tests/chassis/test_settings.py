"""A process whose settings cannot be used says which and does not start."""

from __future__ import annotations

import pytest
from gunicorn.config import Config

from crm_chassis.__main__ import main, web_options
from crm_chassis.settings import Settings


@pytest.mark.parametrize("process", ["web", "worker", "relay", "migrate"])
@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("FILES_URL", "s3://bucket/files", "s3fs"),
        ("FILES_URL", "ftps-ish://x", "Protocol not known"),
        ("TRUSTED_PROXIES", "10.0.0.1, the-proxy", "the-proxy"),
        ("TRUSTED_PROXIES", "10.0.0.1/8", "host bits"),
        ("WORKER_THREADS", "many", "many"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(
    process: str,
    name: str,
    value: str,
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit) as ended:
        main([process, "sales"])
    told = capsys.readouterr().err
    assert ended.value.code == 2
    assert told.startswith(name)
    assert said in told


@pytest.mark.parametrize("service", ["sales", "gateway"])
def test_the_server_itself_believes_no_proxy(service: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", "*")
    server = Config()
    for name, value in web_options(service, Settings(service)).items():
        server.set(name, value)
    assert server.forwarded_allow_ips == []
