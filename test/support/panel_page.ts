import { createConnectRouter } from "@connectrpc/connect";
import { createFetchHandler } from "@connectrpc/connect/protocol";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DashboardService } from "#proto/gen/v1/dashboard_pb.js";
import { OperatingError } from "#shared/errors.ts";
import { fixtureDashboards } from "./ui_fixture_dashboards.ts";

/** A page of its own that shows every kind of panel (panel_page/page.tsx), under the interface's content security policy. */
export type PanelPage = { readonly url: string; [Symbol.asyncDispose](): Promise<void> };

export async function servePanelPage(): Promise<PanelPage> {
  const outdir = await mkdtemp(join(tmpdir(), "lapwing-panels-"));
  const built = await Bun.build({
    entrypoints: [join(import.meta.dir, "panel_page", "index.html")],
    outdir,
    target: "browser",
    publicPath: "/",
    minify: true,
    splitting: true,
    define: { "process.env.NODE_ENV": '"production"' },
    naming: {
      entry: "[name].[ext]",
      chunk: "assets/[name]-[hash].[ext]",
      asset: "assets/[name]-[hash].[ext]",
    },
    throw: false,
  });
  if (!built.success) {
    throw new OperatingError(
      "bad_request",
      `the page does not build: ${built.logs.map(String).join("\n")}`,
    );
  }
  const rpc = rpcHandlers();
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    async fetch(request) {
      const { pathname } = new URL(request.url);
      const handler = rpc.get(pathname);
      if (handler !== undefined) return handler(request);
      if (pathname === "/favicon.ico") return new Response(null, { status: 204 });
      if (pathname === "/api/v1/alerts") return Response.json(alerts(Date.now()));
      if (pathname === "/api/v1/rules") return Response.json(rules(Date.now()));
      const file = Bun.file(join(outdir, pathname === "/" ? "index.html" : pathname));
      if (!(await file.exists())) return new Response("not found", { status: 404 });
      const policy = "default-src 'self'; style-src 'self' 'unsafe-inline'";
      return new Response(file, { headers: { "content-security-policy": policy } });
    },
  });
  return {
    url: `http://127.0.0.1:${server.port}`,
    [Symbol.asyncDispose]: async () => {
      await server.stop(true);
      await rm(outdir, { recursive: true, force: true });
    },
  };
}

function rpcHandlers(): Map<string, (request: Request) => Promise<Response>> {
  const document = { title: "Shop <b>overview</b>", rows: [] };
  const given = [
    { uid: "shop", document, folder: "Teams/Red" },
    { uid: "node", document: { title: "Node", rows: [] } },
  ];
  const router = createConnectRouter().service(DashboardService, fixtureDashboards(given));
  return new Map(router.handlers.map((each) => [each.requestPath, createFetchHandler(each)]));
}

function alerts(nowMs: number) {
  const activeAt = new Date(nowMs - 600_000).toISOString();
  const labels = { alertname: "DiskFull", host: "web-1", severity: "critical" };
  const annotations = { summary: "<b>/var</b> is full in 2 h" };
  return {
    status: "success",
    data: { alerts: [{ state: "firing", labels, annotations, activeAt, value: "1e+00" }] },
  };
}

function rules(nowMs: number) {
  const firing = {
    type: "alerting",
    name: "DiskFull",
    state: "firing",
    alerts: alerts(nowMs).data.alerts,
  };
  const inactive = { type: "alerting", name: "HostDown", state: "inactive", alerts: [] };
  const groups = [{ name: "hosts", file: "rules.yml", rules: [firing, inactive] }];
  return { status: "success", data: { groups } };
}

if (import.meta.main) {
  const page = await servePanelPage();
  console.log(page.url);
}
