import { QueryClientProvider } from "@tanstack/react-query";
import {
  createMemoryHistory,
  createRootRoute,
  createRouter,
  RouterProvider,
} from "@tanstack/react-router";
import { Component, lazy, Suspense, type ComponentType, type ReactNode } from "react";
import { createRoot } from "react-dom/client";
import { assert } from "#shared/assert.ts";
import "#ui/client/schema_mode.ts";
import { connectDashboards } from "#ui/client/dashboard_service.ts";
import { connectInventory } from "#ui/client/query_service.ts";
import type { Frame } from "#ui/frames/frame.ts";
import type { PanelKind, PanelProps } from "#ui/panels/panel_kind.ts";
import { panelKinds } from "#ui/panels/registry.ts";
import { createQueryClient } from "#ui/queries/query_client.ts";
import { connectData } from "#ui/client/storage/data_service.ts";
import { connectEvents } from "#ui/client/event_service.ts";
import { ServicesContext } from "#ui/queries/services.ts";
import "uplot/dist/uPlot.min.css";
import "#ui/style/tokens.css";
import "#ui/style/base.css";
import "#ui/style/pictures.css";
import "#ui/style/table.css";
import "#ui/style/shell.css";
import "#ui/style/chart.css";
import "#ui/style/host.css";
import "#ui/style/panels.css";
import "#ui/style/panel_text.css";
import "#ui/style/panel_logs.css";
import "#ui/style/panel_body.css";
import "#ui/style/graph.css";
import "#ui/style/graph_tips.css";
import "#ui/style/data_table.css";
import "#ui/style/figures.css";
import "#ui/style/overlays.css";
import "#ui/style/menus.css";
import "#ui/style/controls.css";
import "#ui/style/time.css";
import { framesOf, linksFor, optionsOf, type Given } from "./given.ts";

/** Every kind of panel at once: `?given=sample|empty|hostile|many|rows_1000|series_1000&size=480x260&kind=pie&tooltip=shared&incomplete`. */
const params = new URLSearchParams(location.search);
const given: Given = params.get("given") ?? "sample";
const [width = 480, height = 260] = (params.get("size") ?? "480x260").split("x").map(Number);
const only = params.get("kind");
const shown = panelKinds.filter(({ kind }) => only === null || kind === only);
const endMs = Date.UTC(2026, 0, 15, 12);

const framesByKind = new Map<string, readonly Frame[]>();

function Shown({ kind }: { readonly kind: PanelKind }) {
  const options: unknown = kind.options.parse(optionsOf(kind.kind, given));
  const props: PanelProps<unknown> = {
    id: `page/${kind.kind}`,
    title: kind.name,
    options,
    frames: framesByKind.get(kind.kind) ?? [],
    window: { startMs: endMs - 3_600_000, endMs },
    stepMs: 60_000,
    timeZone: "utc",
    width,
    height,
    crosshair: "page",
    hasSharedTooltip: params.get("tooltip") === "shared",
    incomplete: params.has("incomplete") ? [{ startMs: endMs - 600_000, endMs }] : [],
    annotations: given === "empty" ? [] : annotations,
    onZoom: () => undefined,
    onZoomOut: () => undefined,
    onFilter: () => undefined,
    onAnnotate: undefined,
    interpolate: (text) => text,
    linksOf: (field, row) => linksFor(given, field, row),
  };
  const Body = bodies.get(kind.kind);
  assert(Body !== undefined, "every kind has a body");
  return <Body {...props} />;
}

const annotations: PanelProps<unknown>["annotations"] = [
  {
    id: "1",
    startMs: endMs - 1_800_000,
    endMs: undefined,
    title: "<b>deployed</b> 4.2",
    text: "shop 4.2 on all hosts",
    tags: ["deploy"],
    color: "accent",
    stored: true,
  },
  {
    id: "2",
    startMs: endMs - 1_200_000,
    endMs: endMs - 900_000,
    title: "",
    text: "slow disk",
    tags: [],
    color: "orange",
    stored: false,
  },
];

const bodies = new Map<string, ComponentType<PanelProps<unknown>>>(
  panelKinds.map((kind) => [kind.kind, lazy(async () => ({ default: await kind.load() }))]),
);

class Boundary extends Component<{ readonly children: ReactNode }, { readonly failure: string }> {
  override state = { failure: "" };

  static getDerivedStateFromError(thrown: unknown) {
    return { failure: String(thrown) };
  }

  override render() {
    return this.state.failure === "" ? (
      this.props.children
    ) : (
      <p className="thrown">{this.state.failure}</p>
    );
  }
}

const root = document.getElementById("root");
assert(root !== null, "index.html has an element with the id root");
const services = {
  inventory: connectInventory(location.origin),
  dashboards: connectDashboards(location.origin),
  events: connectEvents(location.origin),
  data: connectData(location.origin),
};
const router = createRouter({
  routeTree: createRootRoute({ component: Page, notFoundComponent: Page }),
  history: createMemoryHistory(),
});
// Not by an await of the module: then modules of a build run in another order.
void show(root);

async function show(element: HTMLElement): Promise<void> {
  for (const kind of shown) framesByKind.set(kind.kind, await framesOf(kind, given));
  createRoot(element).render(
    <ServicesContext value={services}>
      <QueryClientProvider client={createQueryClient()}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </ServicesContext>,
  );
}

function Page() {
  return (
    <main
      className="panel-page"
      style={{ display: "flex", flexWrap: "wrap", gap: 24, padding: 16 }}
    >
      <h1 className="hidden">Panels</h1>
      {shown.map((kind) => (
        <section key={kind.kind} data-kind={kind.kind} aria-label={`${kind.name} panel`}>
          <h2>{kind.name}</h2>
          <div style={{ width, height, position: "relative" }}>
            <Boundary>
              <Suspense fallback={<p>Loading</p>}>
                <Shown kind={kind} />
              </Suspense>
            </Boundary>
          </div>
        </section>
      ))}
    </main>
  );
}
