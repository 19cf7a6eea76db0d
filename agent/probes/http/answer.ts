/** Headers of an answer: values by lower-case name, in their order. */
export type AnswerHeaders = ReadonlyMap<string, readonly string[]>;

/** The begin of an answer, and its body to be read. */
export type Answer = {
  readonly status: number;
  /** "HTTP/1.1", "HTTP/2.0". */
  readonly version: string;
  readonly headers: AnswerHeaders;
  /** Bytes that the server announced; -1 where it did not. */
  readonly contentLength: number;
  /** When its first byte came, on performance.now()'s clock. */
  readonly startMs: number;
  /** The body as it comes, framing taken off. Throws OperatingError. */
  body(): AsyncGenerator<Uint8Array>;
  close(): void;
};

export type Request = {
  readonly method: string;
  readonly url: URL;
  /** Header `Host`. */
  readonly host: string;
  /** Without host and lengths. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Uint8Array;
};

export function firstHeader(headers: AnswerHeaders, name: string): string | undefined {
  return headers.get(name)?.[0];
}
