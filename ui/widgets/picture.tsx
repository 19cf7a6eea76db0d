import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { messageOf, OperatingError } from "#shared/errors.ts";
import { formatAgo, formatExact } from "../units/format.ts";
import { useNow } from "../state/media.ts";
import { useTimeZone } from "../state/time_zone.ts";
import { ErrorText } from "./error_text.tsx";
import { Icon } from "../elements/icon.tsx";

/**
 * The five pictures of anything that is asked for: loading (a skeleton), failed (nothing to show, and why), empty, and the
 * good one; over a good one a corner says when it is stale or partial, or that the last refresh failed.
 */
export function Picture<T>({
  query,
  expr,
  skeleton,
  children,
}: {
  readonly query: UseQueryResult<T>;
  /** The expression that is asked, shown with its fault marked when it fails. */
  readonly expr?: string;
  readonly skeleton: ReactNode;
  readonly children: (data: T) => ReactNode;
}) {
  if (query.data !== undefined) return children(query.data);
  if (query.isError) return <Failed error={query.error} expr={expr} />;
  return skeleton;
}

/** Nothing could be loaded: why, and what happens next. */
export function Failed({
  error,
  expr,
}: {
  readonly error: unknown;
  readonly expr?: string | undefined;
}) {
  const isWrong = error instanceof OperatingError && error.code === "bad_request";
  return (
    <div className="failed">
      <div>
        <ErrorText what="Could not be loaded" error={error} query={expr} />
        <p className="failed-next">
          {isWrong
            ? "Change the query, and run it again."
            : "Tried again every few seconds; this page recovers by itself."}
        </p>
      </div>
    </div>
  );
}

/** Nothing is there: what it would be, and what brings it. */
export function Empty({
  title,
  children,
}: {
  readonly title: string;
  readonly children: ReactNode;
}) {
  return (
    <div className="empty">
      <strong>{title}</strong>
      <p>{children}</p>
    </div>
  );
}

/** Grey bars in the shape of what comes. */
export function Skeleton({ rows, height }: { readonly rows: number; readonly height: number }) {
  return (
    <div className="skeleton" role="status" aria-label="Loading">
      {Array.from({ length: rows }, (_, i) => (
        <div key={i} style={{ height }} />
      ))}
    </div>
  );
}

/** The corner over a picture that is kept although its refresh failed. Silent while all is well. */
export function RefreshCorner({ query }: { readonly query: UseQueryResult }) {
  const nowMs = useNow(1_000);
  const timeZone = useTimeZone();
  if (!query.isError || query.data === undefined) return null;
  return (
    <Corner
      state="failed"
      detail={`${messageOf(query.error)}. ${formatExact(query.dataUpdatedAt, timeZone)}`}
    >
      not refreshed, shown as of {formatAgo(query.dataUpdatedAt, nowMs)}: {messageOf(query.error)}
    </Corner>
  );
}

export function Corner({
  state,
  detail,
  children,
}: {
  readonly state: "failed" | "partial" | "stale";
  readonly detail: string;
  readonly children: ReactNode;
}) {
  return (
    <span className={`corner ${state}`} role="status" title={detail}>
      <Icon name="warning" />
      <span className="clip">{children}</span>
    </span>
  );
}
