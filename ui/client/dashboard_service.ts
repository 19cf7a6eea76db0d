import { createClient, type Transport } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-web";
import {
  DashboardService,
  type Annotation,
  type DashboardSummary,
  type SavedQuery,
} from "#proto/gen/v1/dashboard_pb.js";
import { OperatingError } from "#shared/errors.ts";
import { call, options } from "./rpc.ts";

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

export type DashboardRow = {
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  /** Parts divided by "/"; empty for none. */
  readonly folder: string;
  readonly tags: readonly string[];
  readonly starred: boolean;
  readonly origin: DashboardOrigin;
  /** The path of its file, or the integration that brings it. */
  readonly source: string;
  readonly version: number;
  readonly updatedMs: number;
  readonly panels: number;
  /** Why its file can't be read as it is; empty where all is well. */
  readonly fault: string;
};

export type DashboardFile = {
  readonly row: DashboardRow;
  /** "grafana" is brought over as it is opened. */
  readonly format: "lapwing" | "grafana";
  /** JSON. */
  readonly document: string;
};

export type SaveRequest = {
  /** Empty for a new one. */
  readonly uid: string;
  readonly document: string;
  readonly folder: string;
  /** What was changed; may be empty. */
  readonly message: string;
  /** The version that was edited; 0 makes a new one, -1 replaces whatever is there. */
  readonly basedOn: number;
};

export type DashboardVersionRow = {
  readonly version: number;
  readonly createdMs: number;
  readonly message: string;
  readonly document: string;
};

export type AnnotationsRequest = {
  readonly startMs: number;
  readonly endMs: number;
  /** Those of this dashboard and of none; all where empty. */
  readonly dashboard: string;
  /** Only those with all of these. */
  readonly tags: readonly string[];
};

export type StoredAnnotation = {
  readonly id: string;
  readonly startMs: number;
  /** 0 for a moment. */
  readonly endMs: number;
  readonly title: string;
  readonly text: string;
  readonly tags: readonly string[];
  /** Where it was made; empty for everywhere. */
  readonly dashboard: string;
  /** 0 for all panels. */
  readonly panel: number;
};

export type StoredAnnotations = {
  readonly annotations: readonly StoredAnnotation[];
  /** Whether there are more than are given at once. */
  readonly truncated: boolean;
};

export type SavedQueryRow = {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  readonly source: "metrics" | "logs";
  /** Search parameters of the page that made it, without the time range, as JSON. */
  readonly state: string;
  readonly tags: readonly string[];
  readonly updatedMs: number;
};

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
        return { row: present(answer.summary, row), format, document: answer.document };
      }, signal),
    saveDashboard: (request) =>
      call(async () => present((await client.saveDashboard(request)).summary, row), undefined),
    deleteDashboard: (uid) =>
      call(async () => void (await client.deleteDashboard({ uid })), undefined),
    listVersions: (uid, signal) =>
      call(
        async () =>
          (await client.listDashboardVersions({ uid }, options(signal))).versions.map(
            ({ version, createdMs, message, document }) => ({
              version,
              createdMs,
              message,
              document,
            }),
          ),
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
        const answer = await client.listAnnotations(wanted, options(signal));
        return { annotations: answer.annotations.map(annotation), truncated: answer.truncated };
      }, signal),
    saveAnnotation: (given: StoredAnnotation) =>
      call(async () => {
        const wanted = { annotation: { ...given, tags: [...given.tags] } };
        return present((await client.saveAnnotation(wanted)).annotation, annotation);
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
        return present(answer.query, savedQuery);
      }, undefined),
    deleteQuery: (id: string) =>
      call(async () => void (await client.deleteQuery({ id })), undefined),
  };
}

/** Messages are optional on the wire; an answer without its one member is no answer. */
function present<Given, Made>(given: Given | undefined, make: (given: Given) => Made): Made {
  if (given !== undefined) return make(given);
  throw new OperatingError("corrupt", "the aggregator answered without what was asked for");
}

function row(summary: DashboardSummary): DashboardRow {
  const { uid, title, description, folder, tags, starred, source, version } = summary;
  const { updatedMs, panels, fault } = summary;
  const origin =
    summary.origin === "file" || summary.origin === "built_in" ? summary.origin : "saved";
  return {
    uid,
    title,
    description,
    folder,
    tags,
    starred,
    origin,
    source,
    version,
    updatedMs,
    panels,
    fault,
  };
}

function annotation(given: Annotation): StoredAnnotation {
  const { id, startMs, endMs, title, text, tags, dashboard, panel } = given;
  return { id, startMs, endMs, title, text, tags, dashboard, panel };
}

function savedQuery(given: SavedQuery): SavedQueryRow {
  const { id, title, description, state, tags, updatedMs } = given;
  const source = given.source === "logs" ? "logs" : "metrics";
  return { id, title, description, source, state, tags, updatedMs };
}
