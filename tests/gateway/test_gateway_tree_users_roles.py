"""The company tree, its users and their roles."""

from __future__ import annotations

from uuid import UUID

from gateway.gateway_bench import PASSWORD, GatewayBench, Person
from sqlalchemy import select

from crm_chassis import org


def closure(gateway: GatewayBench) -> set[tuple[str, str]]:
    with gateway.system() as session:
        rows = session.execute(select(org.OrgClosure.ancestor_id, org.OrgClosure.descendant_id)).all()
        return {(str(above), str(below)) for above, below in rows}


def folded(parents: dict[str, str | None]) -> set[tuple[str, str]]:
    """The closure that a parent table stands for."""
    found = set()
    for unit in parents:
        above: str | None = unit
        while above is not None:
            found.add((above, unit))
            above = parents[above]
    return found


def test_moving_a_subtree_keeps_the_closure_right_and_tells_every_service(gateway: GatewayBench, admin: Person) -> None:
    root = admin.root()
    north, south = admin.unit("NORTH", kind="region"), admin.unit("SOUTH", kind="region")
    company = admin.unit("N1", north)
    team = admin.unit("N1-T", company, "team")
    assert admin.get(f"/org-units/{team}").json["path_names"] == ["集团总部", "NORTH公司", "N1公司", "N1-T公司"]

    moved = admin.post(f"/org-units/{company}/move", {"parent_id": south})

    assert moved.status_code == 200, moved.text
    assert moved.json["parent_id"] == south
    parents = {root: None, north: root, south: root, company: south, team: company}
    assert closure(gateway) == folded(parents)
    (event,) = gateway.events("crm.gateway.org-unit.moved.v1")
    assert event["data"]["parent_id"] == south
    assert event["data"]["tree_version"] > gateway.events("crm.gateway.org-unit.created.v1")[-1]["data"]["tree_version"]


def test_a_unit_cannot_be_moved_below_itself(admin: Person) -> None:
    company = admin.unit("N1")
    inner = admin.unit("N2", company)
    refused = admin.post(f"/org-units/{company}/move", {"parent_id": inner})
    assert (refused.status_code, refused.json["code"]) == (409, "cycle")
    assert admin.post(f"/org-units/{company}/move", {"parent_id": company}).json["code"] == "cycle"


def test_a_company_does_not_fit_below_a_team(admin: Person) -> None:
    team = admin.unit("T", kind="team")
    body = {"code": "X", "name": "X", "kind": "subsidiary", "parent_id": team}
    refused = admin.post("/org-units", body)
    assert (refused.status_code, refused.json["errors"][0]["code"]) == (422, "misplaced")
    company = admin.unit("C")
    assert admin.post(f"/org-units/{company}/move", {"parent_id": team}).status_code == 422


def test_the_kind_of_a_unit_fits_what_lies_below_it(admin: Person) -> None:
    company = admin.unit("C", kind="region")
    admin.unit("D", company)
    refused = admin.patch(f"/org-units/{company}", {"kind": "team"}, version=1)
    assert (refused.status_code, refused.json["errors"][0]["code"]) == (422, "misplaced")


def test_a_unit_with_units_or_users_cannot_be_closed(gateway: GatewayBench, admin: Person) -> None:
    company = admin.unit("N1")
    team = admin.unit("N1-T", company, "team")
    user = admin.user("worker", team)
    assert admin.post(f"/org-units/{company}/close").json["code"] == "has_units"
    assert admin.post(f"/org-units/{team}/close").json["code"] == "has_users"
    assert admin.post(f"/users/{user['id']}/deactivate").status_code == 200
    assert admin.post(f"/org-units/{team}/close").json["active"] is False
    assert admin.post(f"/org-units/{company}/close").status_code == 200
    assert [event["data"]["code"] for event in gateway.events("crm.gateway.org-unit.closed.v1")] == ["N1-T", "N1"]
    assert admin.post(f"/org-units/{team}/reopen").status_code == 409
    assert admin.post(f"/org-units/{company}/reopen").json["active"] is True


def test_two_units_cannot_share_a_code(admin: Person) -> None:
    admin.unit("N1")
    body = {"code": "N1", "name": "again", "kind": "subsidiary", "parent_id": admin.root()}
    refused = admin.post("/org-units", body)
    assert (refused.status_code, refused.json["errors"][0]["pointer"]) == (409, "/code")


def test_renaming_a_unit_reaches_its_copy_and_the_bus(gateway: GatewayBench, admin: Person) -> None:
    company = admin.unit("N1")
    changed = admin.patch(f"/org-units/{company}", {"name": "新名字"}, version=1)
    assert (changed.status_code, changed.json["name"]) == (200, "新名字")
    with gateway.system() as session:
        assert session.get_one(org.OrgUnit, UUID(company)).name == "新名字"
    assert gateway.events("crm.gateway.org-unit.changed.v1")[0]["aggregateversion"] == 2


def test_a_user_name_is_taken_in_whatever_case_it_is_written(admin: Person) -> None:
    unit = admin.unit("N1")
    admin.user("Zhang.San", unit)
    again = admin.post("/users", {"username": "zhang.san", "display_name": "X", "unit_id": unit, "password": PASSWORD})
    assert (again.status_code, again.json["errors"][0]["pointer"]) == (409, "/username")


def test_a_new_user_is_announced_with_role_keys_and_copied(gateway: GatewayBench, admin: Person) -> None:
    unit = admin.unit("N1")
    made = admin.user("agent", unit, "service_agent")
    event = gateway.events("crm.gateway.user.created.v1")[-1]
    assert event["data"]["roles"] == ["service_agent"]
    assert "password" not in str(event)
    with gateway.system() as session:
        assert session.get_one(org.OrgUser, UUID(made["id"])).roles == ["service_agent"]
    assert made["must_change_password"] is False
    assert "password" not in made


def test_without_a_password_one_is_made_up_shown_once_and_must_be_changed(gateway: GatewayBench, admin: Person) -> None:
    body = {"username": "newcomer", "display_name": "New", "unit_id": admin.unit("N1"), "role_keys": ["finance"]}
    made = admin.made("/users", body)
    assert "password" not in admin.get(f"/users/{made['id']}").json
    person = gateway.person("newcomer", made["password"])
    refused = person.get("/users")
    assert (refused.status_code, refused.json["code"]) == (403, "password_change_required")
    body = {"current_password": made["password"], "new_password": "something of my own"}
    assert person.post("/auth/password", body).status_code == 204
    assert person.get("/users").status_code == 200


def test_weak_passwords_are_refused(admin: Person) -> None:
    unit = admin.unit("N1")
    for password in ("short", "Somebody.Long", "aaaaaaaaaaaa"):
        body = {"username": "somebody.long", "display_name": "S", "unit_id": unit, "password": password}
        refused = admin.post("/users", body)
        assert (refused.status_code, refused.json["errors"][0]["code"]) == (422, "too_weak"), password


def test_a_subsidiary_admin_works_in_the_own_company_only(gateway: GatewayBench, admin: Person) -> None:
    mine, other = admin.unit("N1"), admin.unit("N2")
    stranger = admin.user("stranger", other, "account_manager")
    boss = admin.colleague("boss", mine, "subsidiary_admin")
    assert boss.get(f"/users/{stranger['id']}").status_code == 404
    assert boss.get(f"/org-units/{other}").status_code == 404
    elsewhere = {"username": "x1", "display_name": "X", "unit_id": other, "password": PASSWORD}
    assert boss.post("/users", elsewhere).status_code == 422
    outside = {"code": "N3", "name": "N3", "kind": "department", "parent_id": other}
    assert boss.post("/org-units", outside).status_code == 422
    inside = boss.unit("N1-D", mine, "department")
    assert boss.user("clerk", inside, "account_manager")["unit_id"] == inside
    assert boss.post(f"/org-units/{inside}/move", {"parent_id": other}).status_code == 422
    assert boss.get("/system/health").status_code == 403


def test_nobody_gives_a_role_that_reaches_beyond_the_own(gateway: GatewayBench, admin: Person) -> None:
    company = admin.unit("N1")
    boss = admin.colleague("boss", company, "subsidiary_admin")
    for body in ({"role_keys": ["group_admin"]}, {"role_ids": [admin.role_id("group_admin")]}):
        base = {"username": "x1", "display_name": "X", "unit_id": company, "password": PASSWORD}
        refused = boss.post("/users", base | body)
        assert (refused.status_code, refused.json["code"]) == (403, "beyond_reach")
    for key in (
        "subsidiary_admin",
        "executive",
        "sales_manager",
        "account_manager",
        "service_lead",
        "service_agent",
        "finance",
    ):
        assert boss.user(f"u_{key}", company, key)["role_ids"], key


def test_nobody_takes_over_somebody_who_reaches_further(gateway: GatewayBench, admin: Person) -> None:
    company = admin.unit("N1")
    boss = admin.colleague("boss", company, "subsidiary_admin")
    mighty = admin.user("mighty", company, "group_admin")
    at = f"/users/{mighty['id']}"
    assert boss.get(at).status_code == 200
    assert boss.post(f"{at}/reset-password").status_code == 403
    assert boss.post(f"{at}/deactivate").status_code == 403
    assert boss.patch(at, {"email": "mine@example.com"}, version=1).status_code == 403


def test_a_role_is_held_to_the_catalogue(admin: Person) -> None:
    wrong = [
        {"resource": "customer", "action": "fly", "scope": "all"},
        {"resource": "nothing", "action": "read", "scope": "all"},
        {"resource": "customer", "action": "read", "scope": "somewhere"},
        {"resource": "customer", "action": "read", "scope": "units"},
    ]
    for grant in wrong:
        assert admin.post("/roles", {"key": "odd", "name": "Odd", "grants": [grant]}).status_code == 422, grant


def test_a_changed_role_counts_at_the_very_next_call(gateway: GatewayBench, admin: Person) -> None:
    grants = [{"resource": "user", "action": "read", "scope": "company"}]
    role = admin.made("/roles", {"key": "reader", "name": "Reader", "grants": grants})
    person = admin.colleague("reader1", admin.unit("N1"), "reader")
    assert person.get("/users").status_code == 200
    assert admin.patch(f"/roles/{role['id']}", {"grants": []}, version=1).status_code == 200
    assert person.get("/users").status_code == 403
    assert gateway.events("crm.gateway.role.changed.v1")[-1]["data"]["key"] == "reader"


def test_a_role_in_use_or_ready_made_is_not_deleted(admin: Person) -> None:
    role = admin.made("/roles", {"key": "reader", "name": "Reader", "grants": []})
    user = admin.user("reader1", admin.unit("N1"), "reader")
    assert admin.delete(f"/roles/{role['id']}", version=1).json["code"] == "role_in_use"
    assert admin.patch(f"/users/{user['id']}", {"role_ids": []}, version=1).status_code == 200
    assert admin.delete(f"/roles/{role['id']}", version=1).status_code == 204
    finance = admin.get("/roles?key=finance").json["items"][0]
    assert admin.delete(f"/roles/{finance['id']}", version=1).status_code == 409


def test_the_last_group_administrator_stays(admin: Person) -> None:
    me = admin.get("/auth/me").json["user"]
    assert admin.post(f"/users/{me['id']}/deactivate").status_code == 409
    assert admin.patch(f"/users/{me['id']}", {"role_ids": []}, version=1).status_code == 409
    role = admin.get("/roles?key=group_admin").json["items"][0]
    assert admin.patch(f"/roles/{role['id']}", {"grants": []}, version=1).status_code == 409


def test_colleagues_see_names_but_no_addresses(gateway: GatewayBench, admin: Person) -> None:
    company = admin.unit("N1")
    admin.user("colleague", company, "finance", email="c@example.com", mobile="13800138000")
    seller = admin.colleague("seller", company, "account_manager")
    (seen,) = seller.get("/users?username=colleague").json["items"]
    assert seen["display_name"] == "Colleague"
    assert "email" not in seen
    assert "mobile" not in seen
    (seen,) = admin.get("/users?username=colleague").json["items"]
    assert seen["mobile"] == "+8613800138000"


def test_handing_over_is_announced_each_time(gateway: GatewayBench, admin: Person) -> None:
    company = admin.unit("N1")
    leaver, heir = admin.user("leaver", company), admin.user("heir", company)
    for _ in range(2):
        assert admin.post(f"/users/{leaver['id']}/handover", {"to_user_id": heir["id"]}).status_code == 200
    events = gateway.events("crm.gateway.user.handed-over.v1")
    assert [event["data"]["to_user_id"] for event in events] == [heir["id"]] * 2
    assert admin.post(f"/users/{leaver['id']}/handover", {"to_user_id": leaver["id"]}).status_code == 422


def test_a_deactivated_user_is_out_at_once(gateway: GatewayBench, admin: Person) -> None:
    company = admin.unit("N1")
    user = admin.user("leaver", company, "finance")
    person = gateway.person("leaver", PASSWORD)
    assert person.get("/users").status_code == 200
    assert admin.post(f"/users/{user['id']}/deactivate").status_code == 200
    assert person.get("/users").status_code == 401
    body = {"grant_type": "password", "username": "leaver", "password": PASSWORD}
    assert gateway.call("POST", "/auth/token", body).status_code == 401
    assert admin.post(f"/users/{user['id']}/activate").json["active"] is True
    assert gateway.person("leaver", PASSWORD).get("/users").status_code == 200


def test_a_reset_password_ends_every_session_and_must_be_changed(gateway: GatewayBench, admin: Person) -> None:
    user = admin.user("forgetful", admin.unit("N1"), "finance")
    person = gateway.person("forgetful", PASSWORD)
    made = admin.post(f"/users/{user['id']}/reset-password").json["password"]
    assert person.get("/users").status_code == 401
    again = gateway.person("forgetful", made)
    assert again.get("/users").json["code"] == "password_change_required"


def test_users_are_imported_from_a_file_by_unit_code_and_role_key(gateway: GatewayBench, admin: Person) -> None:
    import io

    admin.unit("N1")
    text = (
        "username,display_name,unit_id,role_keys\nwang,王五,N1,finance\nli,李四,NOWHERE,finance\nzhao,赵六,N1,nobody\n"
    )
    started = admin.post("/users/imports", data={"file": (io.BytesIO(text.encode()), "users.csv")})
    assert started.status_code == 202, started.text
    assert gateway.run_jobs() == 1
    job = admin.get(f"/jobs/{started.json['id']}").json
    assert (job["counts"]["created"], job["counts"]["rejected"]) == (1, 2), job
    (wang,) = admin.get("/users?username=wang").json["items"]
    assert wang["role_ids"] == [admin.role_id("finance")]


def test_the_key_of_a_deleted_role_comes_free(admin: Person) -> None:
    body = {"key": "buyer", "name": "采购", "grants": []}
    first = admin.made("/roles", body)
    assert admin.post("/roles", body).json["errors"][0]["pointer"] == "/key"
    assert admin.delete(f"/roles/{first['id']}", version=first["version"]).status_code == 204

    second = admin.made("/roles", body | {"name": "采购员"})

    assert admin.post(f"/roles/{first['id']}/restore").status_code == 409, "one role would be two"
    assert [role["id"] for role in admin.get("/roles?key=buyer").json["items"]] == [second["id"]]
