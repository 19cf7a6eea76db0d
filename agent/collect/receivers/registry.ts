import { otlp } from "./otlp/receiver.ts";
import { remoteWrite } from "./remote_write/receiver.ts";

/** Every receiver, under its key in `receivers` of the configuration; sorted. A new one is a file, a line here and one in config.ts. */
export const receivers = {
  otlp,
  remote_write: remoteWrite,
};
