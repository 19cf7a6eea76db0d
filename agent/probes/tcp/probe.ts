import { OperatingError } from "#shared/errors.ts";
import { dial } from "../net/dial.ts";
import { chooseAddress, splitHostPort } from "../net/resolve.ts";
import { startTls } from "../net/tls.ts";
import type { Probe } from "../prober.ts";
import { converse } from "../query_response.ts";
import type { TcpProbe } from "./config.ts";

/** Connects, in TLS or not, and leads a conversation (prober/tcp.go): banners of SSH, SMTP, IMAP, with STARTTLS in between. */
export const probeTcp: Probe<TcpProbe> = async (options, context) => {
  const { deadline, notes, target } = context;
  const place = splitHostPort(target);
  if (place === undefined)
    throw new OperatingError("bad_request", `"${target}" is not of the form host:port`);
  const { address } = await chooseAddress(place.host, options, context);
  const source = options.source_ip_address;
  const raw = await dial({ host: address, port: place.port, source }, deadline);
  const name = options.tls_config.server_name ?? context.hostname ?? place.host;
  const tls = { ...options.tls_config, server_name: name };
  const secured = options.tls ? await startTls(raw, name, tls, deadline) : undefined;
  notes.debug("Successfully dialed", { ip: address });
  return converse(options.query_response, { raw, secured }, { name, tls }, context);
};
