import { OperatingError } from "../../errors.ts";

/** A body is not what its content type says. Nothing of it may be stored: formats are accepted or refused as a whole. */
export class ExpositionError extends OperatingError {
  readonly offsetBytes: number;

  constructor(message: string, offsetBytes: number, options?: ErrorOptions) {
    super("bad_request", `${message} at byte ${offsetBytes}`, options);
    this.offsetBytes = offsetBytes;
  }
}
