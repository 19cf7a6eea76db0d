import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { systemClock } from "#shared/runtime/clock.ts";
import { silentLogger } from "#shared/runtime/log.ts";
import { createSelfMetrics } from "#shared/runtime/self_metrics.ts";
import { Catalog } from "../../../catalog/catalog.ts";
import { AlertmanagerKeys } from "../../../notify/config.ts";
import { openAlertmanager } from "../../../notify/open_alertmanager.ts";
import { alertmanagerRoutes } from "../alertmanager/routes.ts";
import { recurringRoutes } from "./recurring_routes.ts";

const folder = mkdtempSync(join(tmpdir(), "lapwing-recurring-api-"));
const catalog = await Catalog.open(`sqlite://${join(folder, "catalog.db")}`);
// A Wednesday.
const nowMs = Date.parse("2026-11-25T00:00Z");
const clock = { ...systemClock, now: () => nowMs };
const alertmanager = await openAlertmanager(
  { alertmanager: AlertmanagerKeys.parse({}), rules: { external_url: "" }, tenant: "default" },
  { clock, log: silentLogger, metrics: createSelfMetrics(), catalog },
);
const app = recurringRoutes({ alertmanager, clock }).route(
  "/",
  alertmanagerRoutes({ alertmanager, now: () => nowMs }),
);
afterAll(async () => {
  await alertmanager.stop();
  await catalog.close();
  rmSync(folder, { recursive: true });
});

const path = "/api/v1/monitoring/silences/recurring";
async function ask(method: string, at: string, body?: object) {
  const init = { method, ...(body !== undefined && { body: JSON.stringify(body) }) };
  const response = await app.request(at, init);
  return { status: response.status, json: (await response.json()) as unknown };
}
const body = {
  days: { every: "week", weekdays: [3] },
  at: "02:30",
  duration: "90m",
  timeZone: "Europe/Berlin",
  matchers: [{ name: "host", value: "db.*", isRegex: true, isEqual: true }],
  createdBy: "ada",
  comment: "backup",
};
const Made = z.object({ id: z.string() });
const Refused = z.object({ error: z.string() });

test("a recurring silence is made, listed with its occurrences, seen by API v2, changed and removed", async () => {
  const { id } = Made.parse((await ask("POST", path, body)).json);
  expect((await ask("GET", `${path}?to=2026-12-05T00:00:00Z`)).json).toEqual({
    recurring: [
      {
        ...body,
        id,
        duration: "1h30m",
        until: null,
        occurrences: [
          { startsAt: "2026-11-25T01:30:00.000Z", endsAt: "2026-11-25T03:00:00.000Z" },
          { startsAt: "2026-12-02T01:30:00.000Z", endsAt: "2026-12-02T03:00:00.000Z" },
        ],
      },
    ],
  });
  expect((await ask("GET", "/api/v2/silences")).json).toMatchObject([
    {
      status: { state: "pending" },
      startsAt: "2026-11-25T01:30:00.000Z",
      matchers: body.matchers,
      comment: "backup",
    },
  ]);
  const monthly = {
    ...body,
    id,
    days: { every: "month", days: [-1, 1] },
    until: "2027-01-01T12:00:00Z",
  };
  expect((await ask("POST", path, monthly)).json).toEqual({ id });
  expect((await ask("GET", `${path}?to=2027-03-01T00:00:00Z`)).json).toMatchObject({
    recurring: [{ days: { days: [-1, 1] }, occurrences: { length: 4 } }],
  });
  expect((await ask("DELETE", `${path}/${id}`)).json).toEqual({ deleted: id });
  expect((await ask("GET", path)).json).toEqual({ recurring: [] });
  expect(
    (await ask("GET", "/api/v2/silences?active=true&pending=true&expired=false")).json,
  ).toEqual([]);
});

test.each([
  [{ ...body, timeZone: "Berlin" }, 'timeZone "Berlin": expected an IANA name'],
  [{ ...body, at: "24:00" }, 'at "24:00": expected a time of the day'],
  [{ ...body, duration: "80h" }, 'duration "80h": expected a duration of 1m to 72h'],
  [{ ...body, days: { every: "week", weekdays: [0] } }, "days.weekdays[0] 0: Too small"],
  [{ ...body, days: { every: "month", days: [0] } }, "days.days[0] 0: expected 1 to 31"],
  [{ ...body, days: { every: "year" } }, "days.every: Invalid discriminator value. Expected 'day'"],
  [{ ...body, until: "soon" }, 'until "soon": expected Unix seconds or RFC 3339'],
  [
    { ...body, matchers: [{ name: "a", value: "", isRegex: false, isEqual: true }] },
    "matchers: expected one matcher that does not match the empty string",
  ],
  [
    { ...body, matchers: [{ name: "a", value: "(", isRegex: true, isEqual: true }] },
    'matchers[0].value "(": ',
  ],
  [{ ...body, comment: "", author: "ada" }, 'Unrecognized key: "author"'],
])("%j is refused: %s", async (wrong, text) => {
  const { status, json } = await ask("POST", path, wrong);
  expect([status, Refused.parse(json).error]).toEqual([400, expect.stringContaining(text)]);
});

test("all mistakes of a body are named at once", async () => {
  const wrong = { ...body, at: "7", timeZone: "Mars", comment: "" };
  const { error } = Refused.parse((await ask("POST", path, wrong)).json);
  for (const key of ["at", "timeZone", "comment"]) expect(error).toContain(`${key} "`);
});

test.each([["-271821-04-20T00:00:00Z"], ["+275760-09-12T00:00:00Z"], ["275760-09-12"], ["soon"]])(
  "a span from %s is refused",
  async (from) => {
    const { status, json } = await ask("GET", `${path}?${new URLSearchParams({ from })}`);
    expect([status, Refused.parse(json).error]).toEqual([
      400,
      `from ${JSON.stringify(from)}: expected Unix seconds or RFC 3339`,
    ]);
  },
);

test("timers go on while the occurrences of 500 recurring silences are sought", async () => {
  const daily = { ...body, days: { every: "day" } };
  const ids: string[] = [];
  for (let i = 0; i < 500; i++) ids.push(Made.parse((await ask("POST", path, daily)).json).id);
  let rounds = 0;
  const timer = setInterval(() => rounds++, 1);
  const { json } = await ask("GET", `${path}?to=2027-12-25T00:00:00Z`);
  clearInterval(timer);
  const { recurring } = z
    .object({ recurring: z.array(z.object({ occurrences: z.array(z.unknown()) })) })
    .parse(json);
  expect(recurring.map(({ occurrences }) => occurrences.length)).toEqual(ids.map(() => 40));
  expect(rounds).toBeGreaterThan(3);
  for (const id of ids) await ask("DELETE", `${path}/${id}`);
}, 60_000);

test("unknown ones and spans that are too long are refused", async () => {
  expect((await ask("POST", path, { ...body, id: "none" })).status).toBe(404);
  expect((await ask("DELETE", `${path}/none`)).status).toBe(404);
  const { status, json } = await ask("GET", `${path}?to=2030-01-01T00:00:00Z`);
  expect(status).toBe(400);
  expect(Refused.parse(json).error).toContain('to "2030-01-01T00:00:00Z": expected a time after');
});
