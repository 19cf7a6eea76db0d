import {
  keepPreviousData,
  useMutation,
  useQuery,
  useQueryClient,
  type QueryClient,
  type UseMutationResult,
  type UseQueryResult,
} from "@tanstack/react-query";
import type {
  AnnotationsRequest,
  DashboardClient,
  DashboardFile,
  DashboardRow,
  DashboardVersionRow,
  SavedQueryRow,
  SaveRequest,
  StoredAnnotation,
  StoredAnnotations,
} from "../client/dashboard_service.ts";
import { intervalOf } from "./query_client.ts";
import { useServices } from "./services.ts";

const listKey = ["dashboards"] as const;
const savedQueriesKey = ["saved_queries"] as const;
const annotationsKey = ["stored_annotations"] as const;

/** All dashboards without their documents. */
export function useDashboards(everyMs = 0): UseQueryResult<DashboardRow[]> {
  const { dashboards } = useServices();
  return useQuery({
    queryKey: listKey,
    queryFn: ({ signal }) => dashboards.listDashboards(signal),
    refetchInterval: intervalOf(everyMs),
  });
}

function dashboardQuery(dashboards: DashboardClient, uid: string, version: number) {
  return {
    queryKey: ["dashboard", uid, version],
    queryFn: ({ signal }: { readonly signal: AbortSignal }) =>
      dashboards.getDashboard(uid, version, signal),
  };
}

/** Asks for a dashboard that is about to be shown, while the script of its page is loaded. One that is known is left as it is. */
export function prefetchDashboard(
  cache: QueryClient,
  dashboards: DashboardClient,
  uid: string,
): void {
  const query = dashboardQuery(dashboards, uid, 0);
  if (cache.getQueryData(query.queryKey) === undefined) void cache.prefetchQuery(query);
}

/** One with its document; version 0 is the newest. It is not asked again behind the back of who edits it. */
export function useDashboard(uid: string, version = 0): UseQueryResult<DashboardFile> {
  const { dashboards } = useServices();
  return useQuery({
    ...dashboardQuery(dashboards, uid, version),
    refetchInterval: intervalOf(0),
    refetchOnWindowFocus: false,
    enabled: uid !== "",
  });
}

export function useDashboardVersions(uid: string): UseQueryResult<DashboardVersionRow[]> {
  const { dashboards } = useServices();
  return useQuery({
    queryKey: ["dashboard_versions", uid],
    queryFn: ({ signal }) => dashboards.listVersions(uid, signal),
    refetchInterval: intervalOf(0),
  });
}

/** Saves; then the lists and the document are asked anew. */
export function useSaveDashboard(): UseMutationResult<DashboardRow, Error, SaveRequest> {
  const { dashboards } = useServices();
  const cache = useQueryClient();
  return useMutation({
    networkMode: "always",
    mutationFn: (request: SaveRequest) => dashboards.saveDashboard(request),
    onSuccess: async (row) => {
      await Promise.all([
        cache.invalidateQueries({ queryKey: listKey }),
        cache.invalidateQueries({ queryKey: ["dashboard", row.uid] }),
        cache.invalidateQueries({ queryKey: ["dashboard_versions", row.uid] }),
      ]);
    },
  });
}

export function useDeleteDashboard(): UseMutationResult<void, Error, string> {
  const { dashboards } = useServices();
  const cache = useQueryClient();
  return useMutation({
    networkMode: "always",
    mutationFn: (uid: string) => dashboards.deleteDashboard(uid),
    onSuccess: async (_nothing, uid) => {
      cache.removeQueries({ queryKey: ["dashboard", uid] });
      await cache.invalidateQueries({ queryKey: listKey });
    },
  });
}

type Star = { readonly uid: string; readonly starred: boolean };

/** Shows the star at once, and takes it back where the aggregator refuses. */
export function useStarDashboard(): UseMutationResult<void, Error, Star> {
  const { dashboards } = useServices();
  const cache = useQueryClient();
  const show = ({ uid, starred }: Star): void => {
    cache.setQueryData<DashboardRow[]>(listKey, (rows) =>
      rows?.map((row) => (row.uid === uid ? { ...row, starred } : row)),
    );
    cache.setQueryData<DashboardFile>(["dashboard", uid, 0], (file) =>
      file === undefined ? undefined : { ...file, row: { ...file.row, starred } },
    );
  };
  return useMutation({
    networkMode: "always",
    mutationFn: ({ uid, starred }: Star) => dashboards.starDashboard(uid, starred),
    onMutate: show,
    onError: (_error, { uid, starred }) => show({ uid, starred: !starred }),
  });
}

/** Annotations made by hand. Not asked while `request` is undefined. */
export function useStoredAnnotations(
  request: AnnotationsRequest | undefined,
): UseQueryResult<StoredAnnotations> {
  const { dashboards } = useServices();
  return useQuery({
    queryKey: [...annotationsKey, request],
    queryFn: async ({ signal }) =>
      request === undefined
        ? { annotations: [], truncated: false }
        : dashboards.listAnnotations(request, signal),
    enabled: request !== undefined,
    placeholderData: keepPreviousData,
    refetchInterval: intervalOf(0),
  });
}

export function useSaveAnnotation(): UseMutationResult<StoredAnnotation, Error, StoredAnnotation> {
  const { dashboards } = useServices();
  const cache = useQueryClient();
  return useMutation({
    networkMode: "always",
    mutationFn: (annotation: StoredAnnotation) => dashboards.saveAnnotation(annotation),
    onSuccess: () => cache.invalidateQueries({ queryKey: annotationsKey }),
  });
}

export function useDeleteAnnotation(): UseMutationResult<void, Error, string> {
  const { dashboards } = useServices();
  const cache = useQueryClient();
  return useMutation({
    networkMode: "always",
    mutationFn: (id: string) => dashboards.deleteAnnotation(id),
    onSuccess: () => cache.invalidateQueries({ queryKey: annotationsKey }),
  });
}

/** The library of shared queries. */
export function useSavedQueries(): UseQueryResult<SavedQueryRow[]> {
  const { dashboards } = useServices();
  return useQuery({
    queryKey: savedQueriesKey,
    queryFn: ({ signal }) => dashboards.listSavedQueries(signal),
    refetchInterval: intervalOf(0),
  });
}

export function useSaveQuery(): UseMutationResult<SavedQueryRow, Error, SavedQueryRow> {
  const { dashboards } = useServices();
  const cache = useQueryClient();
  return useMutation({
    networkMode: "always",
    mutationFn: (query: SavedQueryRow) => dashboards.saveQuery(query),
    onSuccess: () => cache.invalidateQueries({ queryKey: savedQueriesKey }),
  });
}

export function useDeleteQuery(): UseMutationResult<void, Error, string> {
  const { dashboards } = useServices();
  const cache = useQueryClient();
  return useMutation({
    networkMode: "always",
    mutationFn: (id: string) => dashboards.deleteQuery(id),
    onSuccess: () => cache.invalidateQueries({ queryKey: savedQueriesKey }),
  });
}
