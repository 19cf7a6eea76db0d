import { open } from "node:fs/promises";
import { OperatingError } from "#shared/errors.ts";
import { gauge } from "../../collect/samples/family.ts";
import type { OpenInstance } from "../integration.ts";
import type { OpensshConfig } from "./config.ts";

const listeners = gauge("openssh_listeners", "Addresses that sshd's port is open on.");
/** The kernel tells listeners before all connections: so much holds hundreds. */
const bytesRead = 64 * 1_024;
const listening = "0A";

/**
 * Whether someone listens on the port, by the kernel's tables. Asking sshd itself would leave a line in its log each time, and look like an attack to
 * those who read it.
 */
export const openOpenssh: OpenInstance<OpensshConfig> = ({ port }) => ({
  async collect(sink) {
    const tables = await Promise.all(["/proc/net/tcp", "/proc/net/tcp6"].map(beginningOf));
    const count = tables.reduce((sum, table) => sum + listenersOn(table, port), 0);
    if (count === 0)
      throw new OperatingError("unavailable", `nobody listens on port ${port} (TCP)`);
    sink.add(listeners, count);
  },
});

/** "   0: 0100007F:0016 00000000:0000 0A ...": address and port in hexadecimal, then the other side, then the state. */
function listenersOn(table: string, port: number): number {
  const wanted = port.toString(16).toUpperCase().padStart(4, "0");
  let count = 0;
  for (const row of table.split("\n")) {
    const [, local = "", , state] = row.trim().split(/\s+/, 4);
    if (state === listening && local.endsWith(`:${wanted}`)) count += 1;
  }
  return count;
}

/** Empty where the kernel has no such table, as without IPv6. */
async function beginningOf(path: string): Promise<string> {
  try {
    await using file = await open(path);
    const { buffer, bytesRead: count } = await file.read(Buffer.alloc(bytesRead), 0, bytesRead, 0);
    return buffer.toString("latin1", 0, count);
  } catch {
    return "";
  }
}
