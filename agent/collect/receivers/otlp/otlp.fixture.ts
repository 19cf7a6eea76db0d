import type { JsonObject } from "@bufbuild/protobuf";
import { Held, opened } from "../receiver.fixture.ts";
import { otlp } from "./receiver.ts";

/** The clock of the receiver under test, Unix milliseconds. */
export const now = new Held().nowMs;
export const nanos = (ms = now) => `${ms}000000`;
export const text = (key: string, stringValue: string) => ({ key, value: { stringValue } });
/** The attributes of a resource that names itself. */
export const service = [
  text("service.namespace", "shop"),
  text("service.name", "cart"),
  text("service.instance.id", "i1"),
];
/** A request in JSON. */
export const metricsOf = (metrics: JsonObject[], attributes: JsonObject[] = service) => ({
  resourceMetrics: [
    { resource: { attributes }, scopeMetrics: [{ scope: { name: "s" }, metrics }] },
  ],
});
export const gauge = (name: string, point: JsonObject, unit = "") => ({
  name,
  unit,
  gauge: { dataPoints: [{ timeUnixNano: nanos(), ...point }] },
});

/** An open receiver, and how to send JSON to it. */
export function start(config: unknown = {}) {
  const held = new Held();
  const { app } = opened((context) => otlp.open(otlp.config.parse(config), context), held);
  const json = (body: unknown, path = "/v1/metrics") =>
    app.request(path, {
      method: "POST",
      headers: { "content-type": "application/json; charset=utf-8" },
      body: typeof body === "string" ? body : JSON.stringify(body),
    });
  return { held, app, json };
}
