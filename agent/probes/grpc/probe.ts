import { OperatingError, messageOf } from "#shared/errors.ts";
import { gauge } from "../../collect/samples/family.ts";
import { type Answer, firstHeader } from "../http/answer.ts";
import { readBody } from "../http/body.ts";
import { type Trailers, askHttp2 } from "../http/http2.ts";
import { tellTls } from "../net/certificate_gauges.ts";
import { dial } from "../net/dial.ts";
import { chooseAddress } from "../net/resolve.ts";
import { type TlsConnection, startTls } from "../net/tls.ts";
import type { Probe, ProbeContext } from "../prober.ts";
import { version } from "#shared/version.ts";
import type { GrpcProbe } from "./config.ts";
import { decodeStatus, encodeCheck, healthPath, servingStatuses } from "./health.ts";

const duration = gauge("probe_grpc_duration_seconds", "Duration of gRPC request by phase", [
  "phase",
]);
const isSsl = gauge("probe_grpc_ssl", "Indicates if SSL was used for the connection");
const statusCode = gauge("probe_grpc_status_code", "Response gRPC status code");
const healthcheckResponse = gauge(
  "probe_grpc_healthcheck_response",
  "Response HealthCheck response",
  ["serving_status"],
);

const answerBytesMax = 64 * 1024;
const codes = { ok: 0, unknown: 2, deadlineExceeded: 4, unavailable: 14 } as const;
/** What an HTTP status stands for where gRPC says none (grpc/doc/http-grpc-status-mapping.md). */
const codeByHttpStatus: Readonly<Record<number, number>> = {
  400: 13,
  401: 16,
  403: 7,
  404: 12,
  429: 14,
  502: 14,
  503: 14,
  504: 14,
};

type Checked = {
  readonly code: number;
  readonly message: string;
  readonly status: string | undefined;
  readonly secured: TlsConnection | undefined;
};

/** gRPC's own health check (prober/grpc.go). */
export const probeGrpc: Probe<GrpcProbe> = async (options, context) => {
  const { gauges, notes, target } = context;
  gauges.register(duration, "resolve");
  gauges.register(isSsl);
  gauges.register(statusCode);
  const written = /^https?:\/\//.test(target) ? target : `http://${target}`;
  if (!URL.canParse(written))
    throw new OperatingError("bad_request", `could not parse target URL "${target}"`);
  const { hostname } = new URL(written);
  const port = /:(\d{1,5})$/.exec(written.replace(/^https?:\/\//, "").split("/")[0] ?? "")?.[1];
  const { address, seconds } = await chooseAddress(hostname, options, context);
  gauges.plus(duration, seconds, "resolve");
  const startMs = performance.now();
  const place = { host: hostname, address, port: Number(port ?? (options.tls ? 443 : 80)) };
  const checked = await check(options, place, context);
  gauges.plus(duration, (performance.now() - startMs) / 1_000, "check");
  for (const status of servingStatuses) gauges.set(healthcheckResponse, 0, status);
  if (checked.status !== undefined) gauges.set(healthcheckResponse, 1, checked.status);
  if (checked.secured !== undefined) {
    gauges.set(isSsl, 1);
    tellTls(checked.secured, gauges, { chain: false, cipher: false });
  }
  gauges.set(statusCode, checked.code);
  const isServing = checked.code === codes.ok && checked.status === "SERVING";
  if (!isServing)
    notes.error("can't connect grpc server", {
      code: checked.code,
      err: checked.message,
      serving_status: checked.status ?? "",
    });
  return isServing;
};

async function check(
  options: GrpcProbe,
  place: { readonly host: string; readonly address: string; readonly port: number },
  context: ProbeContext,
): Promise<Checked> {
  const { deadline } = context;
  try {
    const raw = await dial({ host: place.address, port: place.port }, deadline);
    const name = place.host.replace(/^\[|\]$/g, "");
    const secured = options.tls
      ? await startTls(raw, name, options.tls_config, deadline, ["h2"])
      : undefined;
    if (secured !== undefined && secured.socket.alpnProtocol !== "h2") {
      secured.socket.destroy();
      return failed(codes.unavailable, "the server does not speak HTTP/2");
    }
    const trailers: Trailers = { current: new Map() };
    const request = requestOf(options, place);
    const answer = await askHttp2(secured?.socket ?? raw, request, deadline, trailers);
    try {
      return { ...(await read(answer, trailers, context)), secured };
    } finally {
      answer.close();
    }
  } catch (thrown) {
    const isLate = thrown instanceof OperatingError && thrown.code === "timeout";
    return failed(isLate ? codes.deadlineExceeded : codes.unavailable, messageOf(thrown));
  }
}

function requestOf(
  options: GrpcProbe,
  { host, port }: { readonly host: string; readonly port: number },
) {
  const scheme = options.tls ? "https" : "http";
  const metadata = Object.entries(options.metadata).map(
    ([name, values]) => [name.toLowerCase(), values.join(", ")] as const,
  );
  return {
    method: "POST",
    url: new URL(`${scheme}://${host}:${port}${healthPath}`),
    host: `${host}:${port}`,
    headers: new Map([
      ["content-type", "application/grpc"],
      ["te", "trailers"],
      ["user-agent", `Lapwing/${version}`],
      ...metadata,
    ]),
    body: encodeCheck(options.service),
  };
}

async function read(
  answer: Answer,
  trailers: Trailers,
  context: ProbeContext,
): Promise<Omit<Checked, "secured">> {
  const { kept, error } = await readBody(answer.body(), answerBytesMax, true, context.deadline);
  const told =
    firstHeader(trailers.current, "grpc-status") ?? firstHeader(answer.headers, "grpc-status");
  if (told === undefined) {
    const code = codeByHttpStatus[answer.status] ?? codes.unknown;
    return { code, message: error ?? `HTTP status ${answer.status}`, status: undefined };
  }
  const message =
    firstHeader(trailers.current, "grpc-message") ?? firstHeader(answer.headers, "grpc-message");
  const code = Number(told);
  if (code !== codes.ok) return { code, message: message ?? "", status: undefined };
  return { code, message: "", status: decodeStatus(kept) };
}

function failed(code: number, message: string): Checked {
  return { code, message, status: undefined, secured: undefined };
}
