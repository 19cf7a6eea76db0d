import { createClient, type Transport } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-web";
import {
  type Annotation,
  DashboardService,
  type DashboardSummary,
  type DashboardVersion,
  type GetDashboardResponse,
  type ListAnnotationsRequest,
  type ListAnnotationsResponse,
  type SaveDashboardRequest,
  type SavedQuery,
} from "#proto/gen/v1/dashboard_pb.js";
import { OperatingError } from "#shared/errors.ts";
import { type Signal, signalOf } from "#shared/signals.ts";
import { call, options } from "./rpc.ts";
import type { Told, ToldAs } from "./told.ts";

/** Dashboards, annotations made by hand, and shared queries: what people make. */
export type DashboardClient = {
  /** Without documents, by title. */
  listDashboards(signal?: AbortSignal): Promise<DashboardRow[]>;
  /** Version 0 is the newest. */
  getDashboard(uid: string, version: number, signal?: AbortSignal): Promise<DashboardFile>;
  /** Throws ConflictError where somebody saved another version meanwhile. */
  saveDashboard(request: SaveRequest): Promise<DashboardRow>;
  deleteDashboard(uid: string): Promise<void>;
  /** The newest first. */
  listVersions(uid: string, signal?: AbortSignal): Promise<DashboardVersionRow[]>;
  starDashboard(uid: string, starred: boolean): Promise<void>;

  listAnnotations(request: AnnotationsRequest, signal?: AbortSignal): Promise<StoredAnnotations>;
  /** Makes one where its id is empty. */
  saveAnnotation(annotation: StoredAnnotation): Promise<StoredAnnotation>;
  deleteAnnotation(id: string): Promise<void>;

  listSavedQueries(signal?: AbortSignal): Promise<SavedQueryRow[]>;
  /** Makes one where its id is empty. */
  saveQuery(query: SavedQueryRow): Promise<SavedQueryRow>;
  deleteQuery(id: string): Promise<void>;
};

/** Only those that are saved can be changed in place. */
export type DashboardOrigin = "saved" | "file" | "built_in";

export type DashboardRow = ToldAs<DashboardSummary, { origin: DashboardOrigin }>;

export type DashboardFile = Omit<Told<GetDashboardResponse>, "summary" | "format"> & {
  readonly row: DashboardRow;
  /** "grafana" is brought over as it is opened. */
  readonly format: "lapwing" | "grafana";
};

export type SaveRequest = Told<SaveDashboardRequest>;
export type DashboardVersionRow = Told<DashboardVersion>;
export type AnnotationsRequest = Told<ListAnnotationsRequest>;
export type StoredAnnotation = Told<Annotation>;
export type StoredAnnotations = Told<ListAnnotationsResponse>;
export type SavedQueryRow = ToldAs<SavedQuery, { source: Signal }>;

/** The aggregator at `baseUrl` (an origin). */
export function connectDashboards(baseUrl: string): DashboardClient {
  return createDashboards(createConnectTransport({ baseUrl, defaultTimeoutMs: 15_000 }));
}

function createDashboards(transport: Transport): DashboardClient {
  const client = createClient(DashboardService, transport);
  return {
    listDashboards: (signal) =>
      call(
        async () => (await client.listDashboards({}, options(signal))).dashboards.map(row),
        signal,
      ),
    getDashboard: (uid, version, signal) =>
      call(async () => {
        const answer = await client.getDashboard({ uid, version }, options(signal));
        const format = answer.format === "grafana" ? "grafana" : "lapwing";
        return { row: row(present(answer.summary)), format, document: answer.document };
      }, signal),
    saveDashboard: (request) =>
      call(async () => row(present((await client.saveDashboard(request)).summary)), undefined),
    deleteDashboard: (uid) =>
      call(async () => void (await client.deleteDashboard({ uid })), undefined),
    listVersions: (uid, signal) =>
      call(
        async () => (await client.listDashboardVersions({ uid }, options(signal))).versions,
        signal,
      ),
    starDashboard: (uid, starred) =>
      call(async () => void (await client.starDashboard({ uid, starred })), undefined),
    ...annotationCalls(transport),
    ...savedQueryCalls(transport),
  };
}

function annotationCalls(transport: Transport) {
  const client = createClient(DashboardService, transport);
  return {
    listAnnotations: (request: AnnotationsRequest, signal?: AbortSignal) =>
      call(async () => {
        const wanted = { ...request, tags: [...request.tags] };
        return client.listAnnotations(wanted, options(signal));
      }, signal),
    saveAnnotation: (given: StoredAnnotation) =>
      call(async () => {
        const wanted = { annotation: { ...given, tags: [...given.tags] } };
        return present((await client.saveAnnotation(wanted)).annotation);
      }, undefined),
    deleteAnnotation: (id: string) =>
      call(async () => void (await client.deleteAnnotation({ id })), undefined),
  };
}

function savedQueryCalls(transport: Transport) {
  const client = createClient(DashboardService, transport);
  return {
    listSavedQueries: (signal?: AbortSignal) =>
      call(
        async () => (await client.listSavedQueries({}, options(signal))).queries.map(savedQuery),
        signal,
      ),
    saveQuery: (given: SavedQueryRow) =>
      call(async () => {
        const answer = await client.saveQuery({ query: { ...given, tags: [...given.tags] } });
        return savedQuery(present(answer.query));
      }, undefined),
    deleteQuery: (id: string) =>
      call(async () => void (await client.deleteQuery({ id })), undefined),
  };
}

/** Messages are optional on the wire; an answer without its one member is no answer. */
function present<Given>(given: Given | undefined): Given {
  if (given !== undefined) return given;
  throw new OperatingError("corrupt", "the aggregator answered without what was asked for");
}

function row(summary: DashboardSummary): DashboardRow {
  const { origin } = summary;
  return { ...summary, origin: origin === "file" || origin === "built_in" ? origin : "saved" };
}

function savedQuery(given: SavedQuery): SavedQueryRow {
  return { ...given, source: signalOf(given.source) ?? "metrics" };
}
