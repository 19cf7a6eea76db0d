import { expect, test } from "bun:test";
import { asking } from "./fleet_routes.fixture.ts";
import { noFleetRoutes } from "./no_fleet_routes.ts";

test("noFleetRoutes() answers null to what is asked of a fleet, and changes nothing", async () => {
  const ask = asking(noFleetRoutes());
  for (const path of ["/agents", "/configurations", "/releases", "/enrolments"]) {
    const { status, json } = await ask("GET", path);
    expect([path, status, json]).toEqual([path, 200, null]);
  }
  expect((await ask("POST", "/tokens", {})).status).toBe(404);
});
