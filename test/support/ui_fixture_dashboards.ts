import { Code, ConnectError, type ServiceImpl } from "@connectrpc/connect";
import type { Annotation, DashboardService, SavedQuery } from "#proto/gen/v1/dashboard_pb.js";

type Kept = {
  uid: string;
  folder: string;
  starred: boolean;
  origin: string;
  versions: { document: string; message: string; createdMs: number }[];
};

/** Dashboards, annotations and shared queries in memory, by the rules of proto/v1/dashboard.proto. */
export function fixtureDashboards(
  given: readonly { uid: string; document: unknown; folder?: string; origin?: string }[] = [],
): ServiceImpl<typeof DashboardService> {
  const kept = new Map<string, Kept>();
  const annotations = new Map<string, Annotation>();
  const queries = new Map<string, SavedQuery>();
  let ids = 0;
  for (const { uid, document, folder = "", origin = "saved" } of given) {
    const versions = [{ document: JSON.stringify(document), message: "", createdMs: Date.now() }];
    kept.set(uid, { uid, folder, starred: false, origin, versions });
  }
  const find = (uid: string): Kept => {
    const found = kept.get(uid);
    if (found === undefined)
      throw new ConnectError(`no dashboard has the uid "${uid}"`, Code.NotFound);
    return found;
  };
  return {
    listDashboards: () => ({
      dashboards: [...kept.values()]
        .map(summary)
        .toSorted((a, b) => a.title.localeCompare(b.title)),
    }),
    getDashboard: ({ uid, version }) => {
      const found = find(uid);
      const document = found.versions.at(version - 1)?.document;
      if (document === undefined) throw new ConnectError("no such version", Code.NotFound);
      return { summary: summary(found), format: "lapwing", document };
    },
    saveDashboard: ({ uid, document, folder, message, basedOn }) => {
      const now = kept.get(uid) ?? {
        uid: uid === "" ? `made-${++ids}` : uid,
        folder,
        starred: false,
        origin: "saved",
        versions: [],
      };
      if (now.origin !== "saved") {
        throw new ConnectError("it is provisioned", Code.FailedPrecondition);
      }
      if (basedOn >= 0 && basedOn !== now.versions.length) {
        throw new ConnectError(`version ${now.versions.length} was saved meanwhile`, Code.Aborted);
      }
      now.versions.push({ document, message, createdMs: Date.now() });
      now.folder = folder;
      kept.set(now.uid, now);
      return { summary: summary(now) };
    },
    deleteDashboard: ({ uid }) => {
      kept.delete(find(uid).uid);
      return {};
    },
    listDashboardVersions: ({ uid }) => ({
      versions: find(uid)
        .versions.map((each, i) => ({ ...each, version: i + 1 }))
        .toReversed(),
    }),
    starDashboard: ({ uid, starred }) => {
      find(uid).starred = starred;
      return {};
    },
    listAnnotations: ({ startMs, endMs, dashboard }) => ({
      annotations: [...annotations.values()].filter(
        (each) =>
          each.startMs <= endMs &&
          Math.max(each.startMs, each.endMs) >= startMs &&
          (dashboard === "" || each.dashboard === "" || each.dashboard === dashboard),
      ),
    }),
    saveAnnotation: ({ annotation }) => {
      if (annotation === undefined) throw new ConnectError("no annotation", Code.InvalidArgument);
      if (annotation.id === "") annotation.id = String(++ids);
      annotations.set(annotation.id, annotation);
      return { annotation };
    },
    deleteAnnotation: ({ id }) => {
      annotations.delete(id);
      return {};
    },
    listSavedQueries: () => ({ queries: [...queries.values()] }),
    saveQuery: ({ query }) => {
      if (query === undefined) throw new ConnectError("no query", Code.InvalidArgument);
      if (query.id === "") query.id = String(++ids);
      queries.set(query.id, query);
      return { query };
    },
    deleteQuery: ({ id }) => {
      queries.delete(id);
      return {};
    },
  };
}

function summary({ uid, folder, starred, origin, versions }: Kept) {
  const newest = versions.at(-1);
  const document: {
    title?: string;
    description?: string;
    tags?: string[];
    rows?: { panels?: unknown[] }[];
  } = JSON.parse(newest?.document ?? "{}");
  return {
    uid,
    title: document.title ?? uid,
    description: document.description ?? "",
    folder,
    tags: document.tags ?? [],
    starred,
    origin,
    source: "",
    version: versions.length,
    updatedMs: newest?.createdMs ?? 0,
    panels: (document.rows ?? []).reduce((sum, { panels = [] }) => sum + panels.length, 0),
    fault: "",
  };
}
