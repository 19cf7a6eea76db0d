import { connect } from "node:net";
import { OperatingError, messageOf } from "#shared/errors.ts";
import type { OpenInstance } from "../integration.ts";
import type { PostfixConfig } from "./config.ts";
import { QueueListing } from "./queue_listing.ts";

export const openPostfix: OpenInstance<PostfixConfig> = ({ queue_directory: folder }) => ({
  async collect(sink, { timestampMs, signal }) {
    const listing = new QueueListing(timestampMs);
    await listQueue(`${folder}/public/showq`, listing, signal);
    listing.addTo(sink);
  },
});

/** showq writes as soon as someone connects, and hangs up at the end. A queue may be longer than what the agent could hold. */
function listQueue(path: string, listing: QueueListing, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const socket = connect({ path });
  const abort = () => reject(new OperatingError("timeout", "the queue was not listed in time"));
  signal.addEventListener("abort", abort, { once: true });
  socket.on("data", (bytes: Buffer) => {
    try {
      listing.push(bytes);
    } catch (thrown) {
      reject(thrown);
    }
  });
  socket.on("error", (error) =>
    reject(new OperatingError("unavailable", messageOf(error), { cause: error })),
  );
  socket.on("close", () => resolve());
  return promise.finally(() => {
    signal.removeEventListener("abort", abort);
    socket.destroy();
  });
}
