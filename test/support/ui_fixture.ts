import { createConnectRouter } from "@connectrpc/connect";
import { createFetchHandler } from "@connectrpc/connect/protocol";
import { join } from "node:path";
import { DashboardService } from "#proto/gen/v1/dashboard_pb.js";
import { DataService } from "#proto/gen/v1/data_pb.js";
import { EventService } from "#proto/gen/v1/events_pb.js";
import { QueryService } from "#proto/gen/v1/query_pb.js";
import {
  fixtureAgent,
  fixtureHosts,
  fixtureLanes,
  fixtureLine,
  fixtureSeries,
  fixtureSeriesLimits,
  linePeriodMs,
} from "./ui_fixture_data.ts";
import { fixtureFleet } from "./ui_fixture_fleet.ts";
import { fixtureEvents, fixtureStorage } from "./ui_fixture_state.ts";
import { fixtureDashboards } from "./ui_fixture_dashboards.ts";

export type UiFixture = {
  readonly url: string;
  /** From now on every API answers 503, or works again. Files are served all the same. */
  setFailing(failing: boolean): void;
  /** Expressions that match answer 422, for pictures that are partial. */
  setRefused(pattern: RegExp | undefined): void;
  /** Paths of API requests since the start. */
  readonly requests: readonly string[];
  [Symbol.asyncDispose](): Promise<void>;
};

type Options = {
  readonly dist: string;
  readonly hosts: number;
  readonly hostile?: boolean;
  readonly port?: number;
};

const stepsMax = 11_000;

/** A stand-in for the aggregator's APIs with made-up data, for states that are hard to bring about with a real one. */
export function serveUiFixture({
  dist,
  hosts: count,
  hostile = false,
  port = 0,
}: Options): UiFixture {
  const hosts = fixtureHosts(count, hostile);
  const rpc = rpcHandlers(hosts);
  const requests: string[] = [];
  let failing = false;
  let refused: RegExp | undefined;
  const server = Bun.serve({
    port,
    hostname: "127.0.0.1",
    async fetch(request) {
      const { pathname, searchParams } = new URL(request.url);
      const handler = rpc.get(pathname);
      if (handler === undefined && !/^\/(?:api|loki)\//.test(pathname)) return file(dist, pathname);
      requests.push(pathname);
      if (failing) return new Response("the fixture was told to fail", { status: 503 });
      if (handler !== undefined) return handler(request);
      if (pathname === "/api/v1/status/buildinfo") {
        return Response.json({ status: "success", data: { version: "0.1.0" } });
      }
      const fleet = fixtureFleet(pathname, hosts);
      if (fleet !== undefined) return fleet;
      if (pathname === "/api/v1/alerts") {
        return Response.json({ status: "success", data: { alerts: [] } });
      }
      if (pathname === "/api/v1/status/config") {
        const yaml = "listen: 0.0.0.0:7600\nnats:\n  servers: [nats://nats:4222]\n";
        return Response.json({ status: "success", data: { yaml } });
      }
      // Nothing is found: lines of results, and the end.
      if (pathname.startsWith("/api/v1/search/"))
        return new Response('{"status":"success","has_more":false}\n');
      const query = searchParams.get("query") ?? "";
      if (refused?.test(query) === true) {
        const body = {
          status: "error",
          errorType: "execution",
          error: "query needs too much memory",
        };
        return Response.json(body, { status: 422 });
      }
      if (pathname === "/api/v1/query_range") return matrix(query, searchParams, hosts);
      if (pathname === "/api/v1/query") return vector(query, searchParams, hosts);
      if (pathname === "/loki/api/v1/query_range") return streams(query, searchParams);
      return new Response("not found", { status: 404 });
    },
  });
  return {
    url: `http://127.0.0.1:${server.port}`,
    setFailing: (now) => {
      failing = now;
    },
    setRefused: (pattern) => {
      refused = pattern;
    },
    requests,
    [Symbol.asyncDispose]: () => server.stop(true),
  };
}

type Hosts = ReturnType<typeof fixtureHosts>;

function rpcHandlers(hosts: Hosts): Map<string, (request: Request) => Promise<Response>> {
  const router = createConnectRouter().service(DashboardService, fixtureDashboards());
  router.service(QueryService, {
    listAgents: ({ agent, summary }) => ({
      agents: hosts.flatMap((host, i) =>
        agent === "" || agent === host.agent ? [fixtureAgent(host, i, Date.now(), summary)] : [],
      ),
    }),
    getLossAccount: () => ({
      lanes: hosts.flatMap((host, i) => fixtureLanes(host, i, Date.now())),
    }),
    listSeriesLimits: () => ({ limits: fixtureSeriesLimits(hosts, Date.now()) }),
  });
  router.service(EventService, { listEvents: () => fixtureEvents(hosts, Date.now()) });
  router.service(DataService, { getStorage: () => fixtureStorage(Date.now()) });
  return new Map(router.handlers.map((each) => [each.requestPath, createFetchHandler(each)]));
}

/** A file of the build; any other path is a page of the one document. */
async function file(dist: string, pathname: string): Promise<Response> {
  const found = Bun.file(join(dist, pathname));
  if (pathname !== "/" && (await found.exists())) return new Response(found);
  if (pathname.startsWith("/assets/")) return new Response("not found", { status: 404 });
  return new Response(Bun.file(join(dist, "index.html")), {
    headers: {
      "content-security-policy":
        "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:",
    },
  });
}

function matrix(query: string, params: URLSearchParams, hosts: Hosts): Response {
  const start = Number(params.get("start"));
  const end = Number(params.get("end"));
  const step = Number(params.get("step"));
  if ((end - start) / step > stepsMax) return new Response("too many points", { status: 400 });
  const result = fixtureSeries(query, hosts).map(({ metric, at }) => {
    const values: [number, string][] = [];
    for (let t = start; t <= end; t += step) {
      const value = at(t);
      if (value !== undefined) values.push([t, value.toPrecision(7)]);
    }
    return { metric, values };
  });
  return Response.json({ status: "success", data: { resultType: "matrix", result } });
}

function vector(query: string, params: URLSearchParams, hosts: Hosts): Response {
  const time = Number(params.get("time"));
  const result = fixtureSeries(query, hosts).map(({ metric, at }) => ({
    metric,
    value: [time, String(at(time) ?? 0)],
  }));
  return Response.json({ status: "success", data: { resultType: "vector", result } });
}

function streams(query: string, params: URLSearchParams): Response {
  const startMs = Number(params.get("start")) / 1_000_000;
  const endMs = Math.min(Number(params.get("end")) / 1_000_000, Date.now());
  const limit = Number(params.get("limit"));
  const host: unknown = JSON.parse(/host=("(?:[^"\\]|\\.)*")/.exec(query)?.[1] ?? `""`);
  const pattern: unknown = JSON.parse(/\|~ ("(?:[^"\\]|\\.)*")/.exec(query)?.[1] ?? `""`);
  const wanted = new RegExp(String(pattern).replace("(?i)", ""), "i");
  const values: [string, string][] = [];
  for (let i = Math.floor(endMs / linePeriodMs); i * linePeriodMs >= startMs; i--) {
    if (values.length === limit) break;
    const text = fixtureLine(i);
    if (wanted.test(text)) values.push([`${i * linePeriodMs}000000`, text]);
  }
  const stream = { host: String(host), filename: "/var/log/app/current.log", job: "files" };
  const result = values.length === 0 ? [] : [{ stream, values }];
  return Response.json({ status: "success", data: { resultType: "streams", result, stats: {} } });
}

if (import.meta.main) {
  const [dist = "ui/dist", hosts = "5", port = "7601"] = Bun.argv.slice(2);
  const fixture = serveUiFixture({ dist, hosts: Number(hosts), hostile: true, port: Number(port) });
  console.log(fixture.url);
}
