"""Random faults, one after the other and at times together, while people work: ``make nemesis MINUTES=30 BROKER=amqp``.

What it does follows from its seed, which it prints. At the end the oracle judges.
"""

from __future__ import annotations

import json
import os
import random
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest
import redis
from faults.clients import Clients
from faults.conftest import SEED
from faults.oracle import judge
from faults.stage import BROKERS, Stage, databases

MINUTES = float(os.environ.get("MINUTES") or 30)
BROKER = os.environ.get("BROKER") or "amqp"

pytestmark = [pytest.mark.timeout(MINUTES * 60 + 1200), pytest.mark.brokers(*[k for k in BROKERS if k == BROKER])]

Fault = Callable[[Stage, random.Random], None]


def kill_a_process(stage: Stage, chance: random.Random) -> None:
    stage.signal(chance.choice(stage.names("web", "worker", "relay")))


def kill_several(stage: Stage, chance: random.Random) -> None:
    for name in chance.sample(stage.names("web", "worker", "relay"), 5):
        stage.signal(name)


def freeze_a_process(stage: Stage, chance: random.Random) -> None:
    with stage.frozen(chance.choice(stage.names("web", "worker", "relay"))):
        time.sleep(chance.uniform(1, 15))


def reset_a_link(stage: Stage, chance: random.Random) -> None:
    stage.links[chance.choice(sorted(stage.links))].reset()


def cut_a_link(stage: Stage, chance: random.Random) -> None:
    link = stage.links[chance.choice(sorted(stage.links))]
    link.cut()
    time.sleep(chance.uniform(1, 10))
    link.heal()


def silence_a_link(stage: Stage, chance: random.Random) -> None:
    link = stage.links[chance.choice(sorted(stage.links))]
    link.silence()
    time.sleep(chance.uniform(1, 10))
    link.heal()


def slow_a_link(stage: Stage, chance: random.Random) -> None:
    link = stage.links[chance.choice(sorted(stage.links))]
    link.delay_s = chance.uniform(0.005, 0.05)
    time.sleep(5)
    link.heal()


def break_commits(stage: Stage, chance: random.Random) -> None:
    for _ in range(5):
        stage.links["postgres"].trap(b"COMMIT", deliver=chance.random() < 0.5).wait(5)


def kill_a_server(stage: Stage, chance: random.Random) -> None:
    server = stage.servers[chance.choice(sorted(stage.servers))]
    server.kill()
    time.sleep(chance.uniform(0, 8))
    server.start()


def freeze_a_server(stage: Stage, chance: random.Random) -> None:
    with stage.server_frozen(chance.choice(sorted(stage.servers))):
        time.sleep(chance.uniform(1, 12))


def end_sessions(stage: Stage, _chance: random.Random) -> None:
    end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename LIKE 'crm_%'"
    with psycopg.connect(databases(stage)["sales"], autocommit=True) as connection:
        connection.execute(end)


def empty_redis(stage: Stage, _chance: random.Random) -> None:
    for name in {"redis", "broker"} & stage.servers.keys():
        if stage.servers[name].url.startswith("redis"):
            with redis.Redis.from_url(stage.servers[name].url) as client:
                client.flushall()


FAULTS: tuple[Fault, ...] = (
    kill_a_process,
    kill_several,
    freeze_a_process,
    reset_a_link,
    cut_a_link,
    silence_a_link,
    slow_a_link,
    break_commits,
    kill_a_server,
    freeze_a_server,
    end_sessions,
    empty_redis,
)


def test_nemesis(stage: Stage) -> None:
    chance = random.Random(SEED)
    done: Counter[str] = Counter()
    print(f"\nnemesis on {BROKER}, {MINUTES:g} minutes, CRM_SEED={SEED}")
    ends = time.monotonic() + MINUTES * 60
    clients = Clients(stage.system, SEED, pause_s=0.2)
    with clients as journal, ExitStack() as at_last:
        at_last.callback(stage.heal)
        while time.monotonic() < ends:
            fault = chance.choice(FAULTS)
            began = time.monotonic()
            fault(stage, chance)
            done[fault.__name__] += 1
            print(f"{fault.__name__:18} {time.monotonic() - began:5.1f} s, {len(journal.done)} writes", flush=True)
            time.sleep(chance.uniform(0.5, 6))
    counts = judge(stage, journal, resent=None, within_s=240)
    summary = counts | {
        "broker": BROKER,
        "seed": SEED,
        "minutes": MINUTES,
        "lost": 0,
        "doubled": 0,
        "slowest_recovery_s": round(journal.slowest_recovery_s(), 1),
        "faults": dict(done),
    }
    print(json.dumps(summary, ensure_ascii=False))
    Path(f"nemesis-{BROKER}.json").write_text(json.dumps(summary, indent=1))
