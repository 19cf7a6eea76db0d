import { create } from "@bufbuild/protobuf";
import type { ConnectRouter, ServiceImpl } from "@connectrpc/connect";
import {
  AnnotationSchema,
  DashboardService,
  DashboardSummarySchema,
  SavedQuerySchema,
  type SavedQuery,
} from "#proto/gen/v1/dashboard_pb.js";
import type { Clock } from "#shared/runtime/clock.ts";
import {
  type StoredAnnotation,
  deleteAnnotation,
  listAnnotations,
  saveAnnotation,
} from "../dashboards/annotations.ts";
import type { Dashboards, Listed } from "../dashboards/dashboards.ts";
import { readDocument } from "../dashboards/document.ts";
import type { Transactions } from "../dashboards/saved_dashboards.ts";
import { deleteQuery, listQueries, saveQuery } from "../dashboards/saved_queries.ts";
import { guarded } from "./connect_routes.ts";

export type DashboardRpcParts = {
  readonly tenant: string;
  readonly dashboards: Dashboards;
  readonly catalog: Transactions;
  readonly clock: Clock;
};

type Handlers = Partial<ServiceImpl<typeof DashboardService>>;

/** lapwing.v1.DashboardService (proto/v1/dashboard.proto). */
export function registerDashboardService(router: ConnectRouter, parts: DashboardRpcParts): void {
  router.service(DashboardService, {
    ...dashboardHandlers(parts),
    ...annotationHandlers(parts),
    ...queryHandlers(parts),
  });
}

function dashboardHandlers({ tenant, dashboards }: DashboardRpcParts): Handlers {
  return {
    listDashboards: () =>
      guarded(async () => ({ dashboards: (await dashboards.list(tenant)).map(wireSummary) })),
    getDashboard: ({ uid, version }) =>
      guarded(async () => {
        const { summary, format, document } = await dashboards.get(tenant, uid, version);
        return { summary: wireSummary(summary), format, document };
      }),
    saveDashboard: (request) =>
      guarded(async () => {
        const { uid, folder, message, basedOn } = request;
        const document = readDocument(request.document, "json", "document");
        const given = { uid, document, folder, message, basedOn };
        return { summary: wireSummary(await dashboards.save(tenant, given)) };
      }),
    deleteDashboard: ({ uid }) =>
      guarded(async () => {
        await dashboards.delete(tenant, uid);
        return {};
      }),
    listDashboardVersions: ({ uid }) =>
      guarded(async () => ({ versions: await dashboards.versions(tenant, uid) })),
    starDashboard: ({ uid, starred }) =>
      guarded(async () => {
        await dashboards.star(tenant, uid, starred);
        return {};
      }),
  };
}

function annotationHandlers({ tenant, catalog }: DashboardRpcParts): Handlers {
  return {
    listAnnotations: (request) =>
      guarded(async () => {
        const found = await listAnnotations(catalog, { ...request, tenant });
        return { ...found, annotations: found.annotations.map(wireAnnotation) };
      }),
    saveAnnotation: ({ annotation }) =>
      guarded(async () => {
        const given = annotation ?? create(AnnotationSchema);
        return { annotation: wireAnnotation(await saveAnnotation(catalog, tenant, given)) };
      }),
    deleteAnnotation: ({ id }) =>
      guarded(async () => {
        await deleteAnnotation(catalog, tenant, id);
        return {};
      }),
  };
}

function queryHandlers({ tenant, catalog, clock }: DashboardRpcParts): Handlers {
  return {
    listSavedQueries: () =>
      guarded(async () => {
        const queries = await listQueries(catalog, tenant);
        return { queries: queries.map((query) => create(SavedQuerySchema, plain(query))) };
      }),
    saveQuery: ({ query }) =>
      guarded(async () => {
        const given = query ?? create(SavedQuerySchema);
        const saved = await saveQuery(catalog, tenant, given, clock.now());
        return { query: create(SavedQuerySchema, plain(saved)) };
      }),
    deleteQuery: ({ id }) =>
      guarded(async () => {
        await deleteQuery(catalog, tenant, id);
        return {};
      }),
  };
}

function wireSummary(summary: Listed) {
  return create(DashboardSummarySchema, { ...summary, tags: [...summary.tags] });
}

function wireAnnotation(one: StoredAnnotation) {
  const { id, startMs, endMs, title, text, tags, dashboard, panel } = one;
  return create(AnnotationSchema, {
    id,
    startMs,
    endMs,
    title,
    text,
    tags: [...tags],
    dashboard,
    panel,
  });
}

/** Without what a message of the wire has besides. */
function plain({
  id,
  title,
  description,
  source,
  state,
  tags,
  updatedMs,
}: Omit<SavedQuery, "$typeName"> | Awaited<ReturnType<typeof saveQuery>>) {
  return { id, title, description, source, state, tags: [...tags], updatedMs };
}
