import { Code, ConnectError, createConnectRouter } from "@connectrpc/connect";
import { createFetchHandler } from "@connectrpc/connect/protocol";
import { join } from "node:path";
import { answerParts } from "#aggregator/api/columns/answer_parts.ts";
import type { LogData } from "#aggregator/query/logql/answer.ts";
import type { LogEntry } from "#aggregator/query/logql/select.ts";
import type { QueryData } from "#aggregator/query/promql/engine.ts";
import { DashboardService } from "#proto/gen/v1/dashboard_pb.js";
import { DataService } from "#proto/gen/v1/data_pb.js";
import { EventService } from "#proto/gen/v1/events_pb.js";
import {
  type QueryLogqlRequest,
  type QueryPromqlRequest,
  QueryService,
} from "#proto/gen/v1/query_pb.js";
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
  const rpc = rpcHandlers(hosts, (query) => refused?.test(query) === true);
  const requests: string[] = [];
  let failing = false;
  let refused: RegExp | undefined;
  const server = Bun.serve({
    port,
    hostname: "127.0.0.1",
    async fetch(request) {
      const { pathname } = new URL(request.url);
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

function rpcHandlers(
  hosts: Hosts,
  isRefused: (query: string) => boolean,
): Map<string, (request: Request) => Promise<Response>> {
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
    // Generators that wait for nothing; what they throw is the answer.
    // eslint-disable-next-line typescript/require-await
    async *queryPromql(request) {
      if (isRefused(request.query))
        throw new ConnectError("query needs too much memory", Code.InvalidArgument);
      yield* answerParts(request.step === 0 ? vector(request, hosts) : matrix(request, hosts), {});
    },
    // eslint-disable-next-line typescript/require-await
    async *queryLogql(request) {
      yield* answerParts(streams(request), {});
    },
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

function matrix({ query, start, end, step }: QueryPromqlRequest, hosts: Hosts): QueryData {
  const count = Math.floor((end - start) / step) + 1;
  if (count > stepsMax) throw new ConnectError("too many points", Code.InvalidArgument);
  const series = fixtureSeries(query, hosts).map(({ metric, at }) => {
    const points: [number, number][] = [];
    for (let i = 0; i < count; i++) {
      const value = at(start + i * step);
      if (value !== undefined) points.push([(start + i * step) * 1_000, value]);
    }
    return {
      labels: metric,
      timestampsMs: Float64Array.from(points, ([timeMs]) => timeMs),
      values: Float64Array.from(points, ([, value]) => value),
    };
  });
  const grid = { startMs: start * 1_000, stepMs: step * 1_000, count };
  return { resultType: "matrix", grid, series };
}

function vector({ query, end }: QueryPromqlRequest, hosts: Hosts): QueryData {
  const series = fixtureSeries(query, hosts).map(({ metric, at }) => ({
    labels: metric,
    value: at(end) ?? 0,
  }));
  return { resultType: "vector", timeMs: end * 1_000, series };
}

function streams({ query, startNs, endNs, limit }: QueryLogqlRequest): LogData {
  const startMs = Number(startNs / 1_000_000n);
  const endMs = Math.min(Number(endNs / 1_000_000n), Date.now());
  const host: unknown = JSON.parse(/host=("(?:[^"\\]|\\.)*")/.exec(query)?.[1] ?? `""`);
  const pattern: unknown = JSON.parse(/\|~ ("(?:[^"\\]|\\.)*")/.exec(query)?.[1] ?? `""`);
  const wanted = new RegExp(String(pattern).replace("(?i)", ""), "i");
  const stream = { host: String(host), filename: "/var/log/app/current.log", job: "files" };
  const entries: LogEntry[] = [];
  for (let i = Math.floor(endMs / linePeriodMs); i * linePeriodMs >= startMs; i--) {
    if (entries.length === limit) break;
    const body = fixtureLine(i);
    const timestampNs = BigInt(i * linePeriodMs) * 1_000_000n;
    if (wanted.test(body))
      entries.push({ timestampNs, stream, body, severity: 0, metadata: {}, parsed: {} });
  }
  return { resultType: "streams", entries };
}

if (import.meta.main) {
  const [dist = "ui/dist", hosts = "5", port = "7601"] = Bun.argv.slice(2);
  const fixture = serveUiFixture({ dist, hosts: Number(hosts), hostile: true, port: Number(port) });
  console.log(fixture.url);
}
