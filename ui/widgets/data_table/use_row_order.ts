import { useEffect, useMemo, useState } from "react";
import type { DataColumn } from "./data_column.ts";
import { orderSteps, type OrderSteps, type RowFilters, type SortedBy } from "./row_order.ts";

/** The page stands still for so long at most. */
const sliceMs = 12;

type Job = { readonly steps: OrderSteps; readonly order: Uint32Array | undefined };

/**
 * The rows in order. Few are ordered at once; many in slices, and until they are done the rows stay as they were
 * and `isOrdering` is true.
 */
export function useRowOrder(
  columns: readonly DataColumn[],
  rowCount: number,
  sorting: readonly SortedBy[],
  filters: RowFilters,
): { readonly order: Uint32Array; readonly isOrdering: boolean } {
  const job = useMemo((): Job => {
    const steps = orderSteps(columns, rowCount, sorting, filters);
    return { steps, order: runSlice(steps) };
  }, [columns, rowCount, sorting, filters]);
  const [done, setDone] = useState<{ job: Job; order: Uint32Array; rowCount: number }>();
  useEffect(() => {
    const finish = (order: Uint32Array): void => setDone({ job, order, rowCount });
    if (job.order !== undefined) {
      finish(job.order);
      return;
    }
    let timer: ReturnType<typeof setTimeout>;
    const slice = (): void => {
      const order = runSlice(job.steps);
      if (order === undefined) timer = setTimeout(slice);
      else finish(order);
    };
    timer = setTimeout(slice);
    return () => clearTimeout(timer);
  }, [job, rowCount]);
  const unordered = useMemo(() => Uint32Array.from({ length: rowCount }, (_, i) => i), [rowCount]);
  if (job.order !== undefined) return { order: job.order, isOrdering: false };
  if (done?.job === job) return { order: done.order, isOrdering: false };
  // Other rows have other numbers.
  return { order: done?.rowCount === rowCount ? done.order : unordered, isOrdering: true };
}

function runSlice(steps: OrderSteps): Uint32Array | undefined {
  const endMs = performance.now() + sliceMs;
  while (performance.now() < endMs) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
  return undefined;
}
