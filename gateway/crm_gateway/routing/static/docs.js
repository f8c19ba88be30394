"use strict";

const TEXTS = {
  zh: {
    skip: "跳到正文", find: "查找", signIn: "登录", signOut: "退出", name: "用户名", password: "密码", code: "动态验证码",
    newPassword: "新密码（须先修改）", other: "English", try: "调用", body: "请求体", answer: "应答", schema: "结构",
    permission: "所需权限", required: "必填", none: "没有匹配的接口", down: "无法读取接口文档，请稍后重试", file: "文件",
    anybody: "无需登录", signedIn: "登录即可", wrongJson: "请求体不是有效的 JSON", document: "OpenAPI 文档",
  },
  en: {
    skip: "Skip to content", find: "Find", signIn: "Sign in", signOut: "Sign out", name: "User name", password: "Password",
    code: "Authenticator code", newPassword: "New password (needed first)", other: "中文", try: "Call", body: "Body",
    answer: "Answer", schema: "Schema", permission: "Needs", required: "required", none: "Nothing matches",
    down: "The description cannot be read now; try again shortly.", file: "File", anybody: "nobody needs to sign in",
    signedIn: "anybody signed in", wrongJson: "The body is not valid JSON.", document: "OpenAPI document",
  },
};

const BASE = "/api/v1";
let language = (localStorage.getItem("language") || navigator.language).startsWith("zh") ? "zh" : "en";
let csrf = "";
let description = null;

const $ = (id) => document.getElementById(id);
const text = (name) => TEXTS[language][name];

/** An element with properties and children; text is always text, never markup. */
function el(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

async function call(method, path, body, headers = {}) {
  const sent = { "Accept-Language": language === "zh" ? "zh-CN" : "en", ...headers };
  if (csrf && method !== "GET") sent["X-CSRF-Token"] = csrf;
  if (body !== undefined && !(body instanceof FormData)) sent["Content-Type"] ??= "application/json";
  const payload = body === undefined || body instanceof FormData ? body : JSON.stringify(body);
  return fetch(BASE + path, { method, headers: sent, body: payload, credentials: "same-origin" });
}

function speak() {
  document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
  for (const node of document.querySelectorAll("[data-text]")) node.textContent = text(node.dataset.text);
  $("language").textContent = text("other");
  if (description) draw();
}

// --- signing in ---------------------------------------------------------------------------------------------------

async function meet() {
  const answer = await call("GET", "/auth/me");
  const me = answer.ok ? await answer.json() : null;
  csrf = me?.csrf_token ?? "";
  $("who").textContent = me ? me.user.display_name : "";
  $("sign-in").hidden = Boolean(me) && !me.must_change_password;
  $("sign-out").hidden = !me;
  if (me?.must_change_password) $("renew").hidden = false;
}

async function signIn(event) {
  event.preventDefault();
  const form = new FormData($("sign-in"));
  const problem = $("sign-in-problem");
  problem.hidden = true;
  if (!csrf || $("renew").hidden) {
    const body = { username: form.get("username"), password: form.get("password") };
    if (form.get("totp")) body.totp = form.get("totp");
    const answer = await call("POST", "/auth/login", body);
    const said = await answer.json();
    if (!answer.ok) {
      if (said.code === "totp_required") $("code").hidden = false;
      problem.textContent = said.detail;
      problem.hidden = false;
      return;
    }
    csrf = said.csrf_token;
    if (said.must_change_password) {
      $("renew").hidden = false;
      $("renew").querySelector("input").focus();
      return;
    }
  } else {
    const body = { current_password: form.get("password"), new_password: form.get("new_password") };
    const answer = await call("POST", "/auth/password", body);
    if (!answer.ok) {
      const said = await answer.json();
      problem.textContent = said.errors?.[0]?.message ?? said.detail;
      problem.hidden = false;
      return;
    }
    $("renew").hidden = true;
  }
  $("sign-in").reset();
  $("code").hidden = true;
  await meet();
}

async function signOut() {
  await call("POST", "/auth/logout");
  csrf = "";
  await meet();
}

// --- reading ------------------------------------------------------------------------------------------------------

function operations() {
  const wanted = $("find").value.trim().toLowerCase();
  const found = new Map();
  for (const [path, item] of Object.entries(description.paths)) {
    for (const [method, operation] of Object.entries(item)) {
      const words = `${method} ${path} ${operation.summary ?? ""} ${operation["x-permission"] ?? ""}`.toLowerCase();
      if (wanted && !words.includes(wanted)) continue;
      const tag = operation.tags?.[0] ?? "";
      if (!found.has(tag)) found.set(tag, []);
      found.get(tag).push({ method, path, operation });
    }
  }
  return found;
}

function draw() {
  const groups = operations();
  const services = new Map();
  for (const [tag, list] of groups) {
    const service = list[0].operation["x-service"] ?? "";
    if (!services.has(service)) services.set(service, []);
    services.get(service).push(tag);
  }
  const index = [el("a", { href: `${BASE}/openapi.json`, textContent: text("document") })];
  for (const [service, tags] of services) {
    index.push(el("strong", { textContent: service }));
    for (const tag of tags) index.push(el("a", { href: `#${tag}`, textContent: tag }));
  }
  $("index").replaceChildren(...index);
  const sections = [...groups].map(([tag, list]) =>
    el("section", {}, el("h2", { id: tag, textContent: tag }), ...list.map(operationOf)));
  $("operations").replaceChildren(...(sections.length ? sections : [el("p", { textContent: text("none") })]));
}

function operationOf({ method, path, operation }) {
  const details = el("details", {},
    el("summary", {},
      el("span", { className: `method ${method}`, textContent: method.toUpperCase() }),
      el("code", { textContent: path }), " ", el("span", { className: "quiet", textContent: operation.summary ?? "" })));
  // Drawn when it is opened: hundreds of forms at once would be slow.
  details.addEventListener("toggle", () => {
    if (details.open && details.children.length === 1) details.append(inside(method, path, operation));
  });
  return details;
}

function inside(method, path, operation) {
  const needs = { public: text("anybody"), "signed-in": text("signedIn") }[operation["x-permission"]] ?? operation["x-permission"];
  const form = el("form", { autocomplete: "off" });
  const parts = [
    operation.description ? el("p", { textContent: operation.description }) : null,
    el("p", { className: "quiet" }, `${text("permission")}: `, el("code", { textContent: needs ?? "" })),
    form,
  ];
  for (const parameter of operation.parameters ?? []) form.append(inputOf(parameter));
  const content = operation.requestBody?.content;
  if (content) form.append(bodyOf(content));
  form.append(el("button", { type: "submit", textContent: text("try") }));
  const answer = el("div", { role: "status" });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    attempt(method, path, form, answer);
  });
  for (const [status, response] of Object.entries(operation.responses ?? {})) {
    const schema = Object.values(response.content ?? {})[0]?.schema;
    if (schema?.$ref || schema?.properties) parts.push(schemaOf(`${text("answer")} ${status}`, schema));
  }
  return el("div", {}, ...parts.slice(0, 3), answer, ...parts.slice(3));
}

function inputOf(parameter) {
  const label = parameter.name + (parameter.required ? " *" : "");
  const input = el("input", { name: `${parameter.in}:${parameter.name}`, required: Boolean(parameter.required) });
  if (parameter.name === "Idempotency-Key") input.value = crypto.randomUUID?.() ?? String(Math.random());
  return el("label", { title: parameter.description ?? "" }, el("span", { textContent: label }), input);
}

function bodyOf(content) {
  if (content["multipart/form-data"]) {
    const fields = Object.entries(content["multipart/form-data"].schema?.properties ?? {});
    return el("div", {}, ...fields.map(([name, spec]) => el("label", {}, el("span", { textContent: name }),
      el("input", { name: `form:${name}`, type: spec.format === "binary" ? "file" : "text" }))));
  }
  const schema = content["application/json"]?.schema ?? Object.values(content)[0]?.schema;
  const example = JSON.stringify(exampleOf(content["application/merge-patch+json"]?.schema ?? schema, 0) ?? {}, null, 2);
  return el("label", {}, el("span", { textContent: text("body") }), el("textarea", { name: "body", value: example, spellcheck: false }));
}

function resolved(schema) {
  let found = schema ?? {};
  for (let step = 0; found.$ref && step < 5; step += 1) {
    found = description.components.schemas[found.$ref.split("/").pop()] ?? {};
  }
  return found;
}

/** What a caller may write, as a first draft. */
function exampleOf(schema, depth) {
  const found = resolved(schema);
  if (depth > 3) return null;
  if (found.allOf) return Object.assign({}, ...found.allOf.map((part) => exampleOf(part, depth)));
  const type = Array.isArray(found.type) ? found.type[0] : found.type;
  if (found.properties) {
    const wanted = Object.entries(found.properties).filter(([name, spec]) =>
      !spec.readOnly && ((found.required ?? []).includes(name) || depth > 0));
    return Object.fromEntries(wanted.map(([name, spec]) => [name, exampleOf(spec, depth + 1)]));
  }
  if (found.enum) return found.enum[0];
  if (type === "array") return [];
  return { string: "", integer: 0, number: 0, boolean: false, object: {} }[type] ?? null;
}

function schemaOf(title, schema) {
  const found = resolved(schema);
  const rows = Object.entries(found.properties ?? {}).map(([name, spec]) => {
    const inner = resolved(spec);
    const type = [].concat(inner.type ?? "").join(" | ") + (inner.format ? ` (${inner.format})` : "");
    const note = [(found.required ?? []).includes(name) ? text("required") : "", inner.description ?? "", (inner.enum ?? []).join(", ")];
    return el("tr", {}, el("td", {}, el("code", { textContent: name })), el("td", { textContent: type }),
      el("td", { textContent: note.filter(Boolean).join(" · ") }));
  });
  return el("details", {}, el("summary", { textContent: `${title} · ${schema.$ref?.split("/").pop() ?? text("schema")}` }),
    el("div", {}, el("table", {}, el("tbody", {}, ...rows))));
}

// --- trying -------------------------------------------------------------------------------------------------------

async function attempt(method, path, form, answer) {
  const query = new URLSearchParams();
  const headers = {};
  let target = path;
  let body;
  for (const field of form.elements) {
    const [place, ...rest] = (field.name || "").split(":");
    const name = rest.join(":");
    if (place === "form" && (field.files?.length || (field.type !== "file" && field.value))) {
      body ??= new FormData();
      body.append(name, field.files?.[0] ?? field.value);
    }
    if (!field.value) continue;
    if (place === "path") target = target.replace(`{${name}}`, encodeURIComponent(field.value));
    if (place === "query") query.append(name, field.value);
    if (place === "header") headers[name] = field.value;
    if (place === "body") {
      try {
        body = JSON.parse(field.value);
      } catch {
        answer.replaceChildren(el("p", { className: "problem", textContent: text("wrongJson") }));
        return;
      }
    }
  }
  const response = await call(method.toUpperCase(), target + (query.size ? `?${query}` : ""), body, headers);
  await show(response, answer);
  if (response.status === 401) await meet();
}

async function show(response, answer) {
  const kind = response.headers.get("Content-Type") ?? "";
  const lines = [`${response.status} ${response.statusText}`];
  for (const name of ["ETag", "Location", "RateLimit", "X-Request-Id"]) {
    if (response.headers.get(name)) lines.push(`${name}: ${response.headers.get(name)}`);
  }
  let content = "";
  if (kind.includes("json")) content = JSON.stringify(await response.json(), null, 2);
  else if (kind.startsWith("text/event-stream")) response.body.cancel();
  else if (kind.startsWith("text/")) content = (await response.text()).slice(0, 100_000);
  else {
    const file = await response.blob();
    if (file.size) answer.replaceChildren(el("a", { href: URL.createObjectURL(file), download: "", textContent: text("file") }));
    if (file.size) return;
  }
  answer.replaceChildren(el("pre", { textContent: `${lines.join("\n")}\n\n${content}`, tabIndex: 0 }));
}

// --- beginning ----------------------------------------------------------------------------------------------------

async function begin() {
  $("language").addEventListener("click", () => {
    language = language === "zh" ? "en" : "zh";
    localStorage.setItem("language", language);
    speak();
  });
  $("find").addEventListener("input", draw);
  $("sign-in").addEventListener("submit", signIn);
  $("sign-out").addEventListener("click", signOut);
  speak();
  const [answer] = await Promise.all([call("GET", "/openapi.json"), meet()]);
  if (!answer.ok) {
    $("problem").textContent = text("down");
    $("problem").hidden = false;
    return;
  }
  description = await answer.json();
  draw();
}

begin();
