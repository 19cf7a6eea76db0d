import type { Notifications } from "#shared/runtime/notifications.ts";
import type { Context } from "hono";
import { streamSSE } from "hono/streaming";

/** Between two comments that keep the connection open. */
const keepAliveMs = 30_000;

/** GET /notifications/live: what there is and every change as server-sent events; 204 when too many listen. */
export function liveNotifications(c: Context, notifications: Notifications): Response {
  const queue: string[] = [];
  let wake: (() => void) | undefined;
  const end = notifications.listen((changed) => {
    queue.push(JSON.stringify(changed));
    wake?.();
  });
  if (end === undefined) return c.body(null, 204);
  return streamSSE(c, async (stream) => {
    stream.onAbort(() => wake?.());
    try {
      await stream.write(": open\n\n");
      while (!stream.aborted) {
        const data = queue.shift();
        if (data !== undefined) {
          await stream.writeSSE({ data });
          continue;
        }
        const { promise, resolve } = Promise.withResolvers<void>();
        wake = resolve;
        const timer = setTimeout(resolve, keepAliveMs);
        await promise;
        clearTimeout(timer);
        if (queue.length === 0 && !stream.aborted) await stream.write(": still here\n\n");
      }
    } finally {
      end();
    }
  });
}
