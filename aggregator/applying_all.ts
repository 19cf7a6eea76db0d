import { OperatingError, messageOf } from "#shared/errors.ts";

/** What puts all in force that was read. Throws OperatingError("bad_request") with the mistakes of all: then none of it may be. */
export async function applyingAll(reading: readonly Promise<() => void>[]): Promise<() => void> {
  const read = await Promise.allSettled(reading);
  const mistakes = read.flatMap((one) =>
    one.status === "rejected" ? [messageOf(one.reason)] : [],
  );
  if (mistakes.length > 0) throw new OperatingError("bad_request", mistakes.join("\n"));
  return () => {
    for (const one of read) if (one.status === "fulfilled") one.value();
  };
}
