import { dial } from "../net/dial.ts";
import { startTls } from "../net/tls.ts";
import type { Probe } from "../prober.ts";
import { converse } from "../query_response.ts";
import type { UnixProbe } from "./config.ts";

/** The same conversation as over TCP, on a socket of this host; the target is its path (prober/unix.go). */
export const probeUnix: Probe<UnixProbe> = async (options, context) => {
  const { deadline, guard, notes, target } = context;
  guard.checkSocket(target);
  const raw = await dial({ path: target }, deadline);
  const tls = options.tls_config;
  const name = tls.server_name ?? "";
  const secured = options.tls ? await startTls(raw, name, tls, deadline) : undefined;
  notes.debug("Successfully dialed");
  return converse(options.query_response, { raw, secured }, { name, tls }, context);
};
