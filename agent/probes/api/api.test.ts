import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import { requestGuard } from "../net/address_guard.ts";
import { probe } from "#test/support/probing.ts";
import { ProbeModule } from "../module.ts";
import { parseJsonPath, valuesAt } from "./json_path.ts";
import { filledIn } from "./template.ts";

const folder = mkdtempSync(join(tmpdir(), "lapwing-api-probe-"));
const password = join(folder, "password");
writeFileSync(password, 'pa"ss-hidden\n');
const seen: string[] = [];
/** A shop: a login that gives a token and a cookie, and orders for those who show both. */
const server = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  routes: {
    "/login": {
      POST: async (request) => {
        const { user, password: given } = await request.json();
        seen.push(given);
        if (user !== "alice" || given !== 'pa"ss-hidden')
          return new Response("no", { status: 401 });
        return Response.json(
          { session: { token: "t-hidden-1" }, roles: ["reader", "writer"] },
          { headers: { "Set-Cookie": "sid=7; Path=/", "X-Order": "order=41;" } },
        );
      },
    },
    "/orders/41": (request) =>
      request.headers.get("authorization") === "Bearer t-hidden-1" &&
      request.headers.get("cookie") === "sid=7"
        ? Response.json({
            id: 41,
            items: [
              { sku: "a", count: 2 },
              { sku: "b", count: 1 },
            ],
            note: null,
          })
        : new Response("who are you?", { status: 403 }),
    "/away": Response.redirect("http://169.254.169.254/"),
  },
});
afterAll(async () => {
  await server.stop(true);
  rmSync(folder, { recursive: true });
});
const target = `http://127.0.0.1:${server.port}`;

const flow = (assertions: string) => `
prober: api
api:
  variables: {user: alice}
  variable_files: {password: ${password}}
  steps:
    - name: login
      method: POST
      url: /login
      headers: {Content-Type: application/json}
      body: '{"user": "\${user}", "password": "\${password:json}"}'
      extract:
        token: {json: "$.session.token"}
        order: {header: X-Order, regexp: 'order=(\\d+);'}
    - name: order
      url: "/orders/\${order:url}"
      headers: {Authorization: "Bearer \${token}"}
      assert: ${assertions}
`;

test("steps hand on variables and cookies, and hold what is asserted", async () => {
  const all =
    "{status: [200], latency_max: 5s, headers: [{name: Content-Type, matches: json}], json: [{path: '$.items[*].sku', equals: b}, {path: '$.items[-1].count', equals: 1}, {path: '$.gone', exists: false}, {path: '$.id', matches: '^4'}, {path: '$.note', equals: null}], body: [{matches: sku, not_matches: error}]}";
  const { isGood, samples, reason, notes } = await probe(flow(all), target);
  expect([isGood, reason]).toEqual([true, ""]);
  for (const step of ["login", "order"]) {
    expect(samples.get(`lapwing_probe_step_success{step="${step}"}`)).toBe(1);
    expect(samples.get(`lapwing_probe_step_status_code{step="${step}"}`)).toBe(200);
    expect(samples.get(`lapwing_probe_step_duration_seconds{step="${step}"}`)).toBeGreaterThan(0);
  }
  expect(seen).toEqual(['pa"ss-hidden']);
  expect(notes).not.toContain("hidden");
});

test("what does not hold is named, without what was answered", async () => {
  const cases = [
    ["{status: [201]}", "status is 200, not 201"],
    ["{json: [{path: '$.id', equals: 42}]}", "$.id is not 42"],
    ["{json: [{path: '$.items[5]', exists: true}]}", "$.items[5] is not there"],
    ["{json: [{path: '$.items[*].sku', matches: '^c'}]}", '$.items[*].sku does not match "^c"'],
    ["{headers: [{name: X-None, matches: a}]}", "header X-None is missing"],
    ["{body: [{not_matches: sku}]}", 'the body matches "sku"'],
    ["{latency_max: 0s}", "more than 0"],
  ] as const;
  for (const [assertions, message] of cases) {
    const { isGood, reason, samples } = await probe(flow(assertions), target);
    expect([assertions, isGood]).toEqual([assertions, false]);
    expect(reason).toContain(message);
    expect(samples.get('lapwing_probe_step_success{step="login"}')).toBe(1);
    expect(samples.get('lapwing_probe_step_failed_assertions{step="order"}')).toBe(1);
  }
});

test("a step that fails ends the test; forbidden addresses are out of reach for each step", async () => {
  const wrong = flow("{}").replace("user: alice", "user: bob");
  const { isGood, samples, reason, notes } = await probe(wrong, target);
  expect([isGood, reason]).toEqual([
    false,
    "Assertions do not hold: step login, failed status is 401, not 2xx",
  ]);
  expect(samples.has('lapwing_probe_step_success{step="order"}')).toBe(false);
  expect(notes).not.toContain("hidden");
  const guard = requestGuard([], []);
  for (const url of ["http://169.254.169.254/", "/away"]) {
    const module = `{prober: api, api: {steps: [{name: a, url: "${url}", follow_redirects: true}]}}`;
    expect((await probe(module, target, { guard })).isForbidden).toBe(true);
  }
});

test("every mistake in a flow is named", () => {
  const { error } = ProbeModule.safeParse(
    parse(`{prober: api, api: {steps: [
      {name: "a b", url: "/\${later}", extract: {later: {}}, assert: {json: [{path: "items"}]}},
      {name: c, extract: {x: {json: "$.a..b"}}}]}}`),
  );
  const places = (error?.issues ?? []).map(({ path }) => path.join("."));
  for (const place of ["name", "extract.later", "assert.json.0.path"])
    expect(places).toContain(`api.steps.0.${place}`);
  expect(places).toContain("api.steps.1.extract.x.json");
  const variables = ProbeModule.safeParse(
    parse(
      '{prober: api, api: {steps: [{name: a, url: "/${later}", extract: {later: {header: X}}}, {name: a, body: "${later}"}]}}',
    ),
  );
  const messages = variables.error?.issues.map(
    ({ path, message }) => `${path.join(".")}: ${message}`,
  );
  expect(messages).toEqual([
    'api.steps.0.url: no variable "later" here',
    'api.steps.1.name: step "a" is there twice',
  ]);
});

test("paths lead into JSON", () => {
  const document = { a: { "b c": [1, 2, { d: "x" }] }, __proto__: null };
  const at = (path: string) => valuesAt(parseJsonPath(path), document);
  expect(at("$")).toEqual([document]);
  expect(at("$.a['b c'][0]")).toEqual([1]);
  expect(at('$.a["b c"][-1].d')).toEqual(["x"]);
  expect(at("$.a.*[*]")).toEqual([1, 2, { d: "x" }]);
  for (const none of ["$.b", "$.a[0]", "$.a['b c'][9]", "$.constructor", "$.a['b c'].length"])
    expect([none, at(none)]).toEqual([none, []]);
  for (const bad of ["a", "$..a", "$.a[?(@.b)]", "$.a[1:2]", "$.", "$["])
    expect(() => parseJsonPath(bad)).toThrow("is not a path");
});

test("variables are put in as they are, for JSON, or for a URL", () => {
  const variables = new Map([["v", 'a"/ b']]);
  expect(filledIn("${v} ${v:json} ${v:url} ${x}|$v", variables)).toBe(
    'a"/ b a\\"/ b a%22%2F%20b |$v',
  );
});
