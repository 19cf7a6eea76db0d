type Task = (signal: AbortSignal) => Promise<void>;

/**
 * Runs tasks side by side until all have ended. The first that throws aborts the others; they are waited for, so that nothing
 * runs on behind, and then its error is thrown.
 */
export async function together(signal: AbortSignal, tasks: readonly Task[]): Promise<void> {
  const failed = new AbortController();
  const both = AbortSignal.any([signal, failed.signal]);
  const errors: unknown[] = [];
  await Promise.all(
    tasks.map(async (task) => {
      try {
        await task(both);
      } catch (thrown) {
        errors.push(thrown);
        failed.abort();
      }
    }),
  );
  if (errors.length > 0) throw errors[0];
}
