import { z } from "zod";
import type { ProbesConfig } from "./config.ts";

/** What an agent without `probes` in its file has. */
const none: ProbesConfig = {
  modules: {},
  forbid: [],
  allow: [],
  allow_sockets: [],
  timeout_offset: 500,
  running_max: 200,
  checks: [],
};

/** The schema of `probes`, which is loaded by the first file that has some: those of all probers take megabytes, and most agents probe nothing. */
export const LazyProbesConfig = z
  .lazy(() => {
    const loaded: typeof import("./config.ts") = require("./config.ts");
    return loaded.ProbesConfig;
  })
  .default(none);
