/** Why a notification failed; the words are Alertmanager's (notify/util.go). */
export type FailureReason =
  | "clientError"
  | "authError"
  | "rateLimited"
  | "serverError"
  | "contextDeadlineExceeded"
  | "other";

/** What became of one attempt to send a notification. */
export type SendOutcome =
  | {
      readonly kind: "sent";
      /** What the service answered, shortened, for the history; without secrets. */
      readonly answer: string;
      /** Replaces what was kept for the group, where it is given. */
      readonly kept?: Readonly<Record<string, string>>;
    }
  | {
      readonly kind: "failed";
      readonly reason: FailureReason;
      /** What failed, in our words, with the service's at the end; without secrets. */
      readonly error: string;
      /** Whether another attempt can succeed. */
      readonly isRetried: boolean;
      /** How long the service asked to wait, such as by Retry-After. */
      readonly retryAfterMs?: number;
    };
