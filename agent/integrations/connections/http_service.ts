import { OperatingError, messageOf } from "#shared/errors.ts";
import { httpGet } from "../../collect/http/http_client.ts";
import type { HttpClientConfig } from "#shared/http/client_config.ts";
import { type HttpServiceConfig, httpClientOf } from "./http_service_config.ts";

/** A service that answers GETs with JSON. */
export class HttpService {
  readonly #url: string;
  readonly #client: HttpClientConfig;
  readonly #timeoutMs: number;
  readonly #bodyBytesMax: number;

  /** An answer longer than `bodyBytesMax` is refused, so that a service can't take the agent's memory. */
  constructor(url: string, config: HttpServiceConfig, timeoutMs: number, bodyBytesMax: number) {
    this.#url = url;
    this.#client = httpClientOf(config);
    this.#timeoutMs = timeoutMs;
    this.#bodyBytesMax = bodyBytesMax;
  }

  /** Throws OperatingError with the path (never the credentials) where it is not answered with JSON in time. */
  async json(path: string, signal: AbortSignal): Promise<unknown> {
    try {
      const { body } = await httpGet({
        url: `${this.#url}${path}`,
        headers: { Accept: "application/json", "Accept-Encoding": "gzip" },
        client: this.#client,
        timeoutMs: this.#timeoutMs,
        bodyBytesMax: this.#bodyBytesMax,
        signal,
      });
      return parseJson(body);
    } catch (thrown) {
      const code = thrown instanceof OperatingError ? thrown.code : "unavailable";
      const [asked] = path.split("?");
      throw new OperatingError(code, `GET ${asked}: ${messageOf(thrown)}`, { cause: thrown });
    }
  }
}

function parseJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(body));
  } catch {
    throw new OperatingError("corrupt", "the answer is not JSON");
  }
}
